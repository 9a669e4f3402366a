"""What runs under torch.inference_mode, of which torch's counter before 2.6 misses a part. For torch 2.1 and newer."""

from typing import Any

import torch

from runner import compat


def is_counted() -> bool:
    """Tell whether torch's counter counts what is computed under torch.inference_mode.

    Before torch 2.6, products and convolutions are counted there only where they are called by their inner names.
    """
    counter = compat.flop_counter()
    with torch.inference_mode(), counter:
        torch.nn.functional.linear(torch.zeros(1, 1), torch.zeros(1, 1))
    return bool(counter.get_total_flops())


def noted() -> Any:
    """Return a context whose `seen` tells whether operators ran under torch.inference_mode within it."""
    from torch.utils._python_dispatch import TorchDispatchMode  # torch 1.9 has none

    class Inferences(TorchDispatchMode):  # type: ignore[misc]
        seen = False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.seen = self.seen or torch.is_inference_mode_enabled()
            return func(*args, **(kwargs or {}))

    return Inferences()
