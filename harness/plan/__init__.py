"""From a request to a plan: which cells, with which inputs, for how long."""

from harness.plan.cells import make
from harness.plan.request import Request, make_variant, parse_size

__all__ = ["Request", "make", "make_variant", "parse_size"]
