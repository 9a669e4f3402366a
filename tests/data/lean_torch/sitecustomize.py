"""What every Python process does first that has this folder on its path: it leaves torch's compiler out.

Where STANDIN_MEMORY names a folder, it waits for torch and gives it a stand-in for a GPU, too (standin_device).
"""

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class TorchFinder(PathFinder):
    """Finds torch as ever, and has the stand-in put in place once it is loaded."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of torch, its loader followed by the stand-in; None of anything else."""
        spec = super().find_spec(fullname, path, target) if fullname == "torch" else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_stand_in(module: ModuleType) -> None:
            load(module)
            import standin_device  # type: ignore[import-not-found]

            standin_device.install()

        spec.loader.exec_module = load_and_stand_in  # type: ignore[method-assign]
        return spec


class LeftOut(ModuleType):
    """A module of torch's compiler, which importing torch, torchvision or a switch brings along, and nothing here uses.

    They take half of the time of starting a process. Whatever is asked of one is a function that does nothing, or as a
    decorator leaves its function out.
    """

    def __init__(self, name: str):
        super().__init__(name)
        self.__path__ = []

    def __getattr__(self, name: str) -> object:
        """Return the function of any name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **keywords: lambda function: function


for name in ("_decomp", "_dynamo", "_dynamo.utils", "_inductor", "_inductor.config", "_meta_registrations", "_refs"):
    sys.modules[f"torch.{name}"] = LeftOut(f"torch.{name}")
    package, _, last = f"torch.{name}".rpartition(".")
    if package in sys.modules:
        setattr(sys.modules[package], last, sys.modules[f"torch.{name}"])
sys.modules["torch._dynamo.utils"].is_compile_supported = lambda device: False  # type: ignore[attr-defined]
if "STANDIN_MEMORY" in os.environ:
    sys.meta_path.insert(0, TorchFinder)
