"""From a request to a plan: which cells, with which inputs, for how long."""

from harness.plan.cells import make
from harness.plan.ladder import make_variants
from harness.plan.request import Request, make_variant, parse_size
from harness.plan.rounds import check_precision, parse_precision

__all__ = ["Request", "check_precision", "make", "make_variant", "make_variants", "parse_precision", "parse_size"]
