"""What every Python process does first that has this folder on its path: it waits for torch, and gives it a GPU."""

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


sys.meta_path.insert(0, TorchFinder)
# torchvision and the switch for deterministic algorithms load torch's compiler for next to nothing, which takes half of
# the time of starting a process.
compiler, answers, config = (ModuleType(f"torch.{name}") for name in ("_dynamo", "_dynamo.utils", "_inductor.config"))
answers.is_compile_supported = lambda device: False  # type: ignore[attr-defined]
inductor = ModuleType("torch._inductor")
inductor.config = config  # type: ignore[attr-defined]
sys.modules |= {module.__name__: module for module in (compiler, answers, inductor, config)}
