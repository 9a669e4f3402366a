import torch  # noqa: F401

from . import _C, extension  # noqa: F401
from .version import __version__  # noqa: F401
