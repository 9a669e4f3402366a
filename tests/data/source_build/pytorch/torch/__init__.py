from types import SimpleNamespace

from . import _C
from .version import __version__

_major, _minor = divmod(_C._cuda_version() // 10, 100)
version = SimpleNamespace(cuda=f"{_major}.{_minor}")
backends = SimpleNamespace(cudnn=SimpleNamespace(version=_C._cudnn_version))
