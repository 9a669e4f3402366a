"""How large a model is and how much a call of it computes, in a result."""

from dataclasses import dataclass
from typing import List, Optional

from runner.contract.model import Document


@dataclass(frozen=True)
class Work(Document):
    """The numbers that a model has learnt, and the floating-point operations of a call on each input, in their order.

    `parameters` counts each number once, wherever it is used, and no buffers: frozen batch norms are none of it.
    `flops` are those of convolutions, matrix products and attention, as torch.utils.flop_counter counts them by their
    shapes: a multiplication and the addition behind it are two. What else a model does counts nothing.
    `missing_reason` says why one of them is None.
    """

    parameters: Optional[int]
    flops: Optional[List[int]]
    missing_reason: Optional[str] = None
