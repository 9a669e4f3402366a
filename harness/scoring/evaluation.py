"""What either scorer hands back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.scoring.matches import Matches

#: The area range that both scorers call "all": COCO's 0 to 1e5², in pixels.
ALL_AREAS = [0.0, 1e10]


@dataclass(frozen=True)
class Evaluation:
    """COCOeval's numbers: `summary` in the order of its summarize, `precision` (T, R, K) over all areas.

    T IoU thresholds, R recall thresholds, K categories; -1 for a category without objects. `tide` is None where the
    scorer has none.
    """

    version: str
    summary: NDArray[np.float64]
    precision: NDArray[np.float64]
    matches: Matches
    tide: dict[str, float] | None
