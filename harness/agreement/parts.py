"""The images of two passes by what made them differ, as the document keeps them."""

from collections.abc import Callable
from itertools import groupby

from harness.agreement.causes import Attributed, Looked, attributed
from harness.agreement.compare import worst
from harness.agreement.sides import Sides
from harness.documents.agreement import ApDifference, Portion
from harness.documents.causes import CAUSES, Cause

#: What tells images of one part from those of others: whether they are explained, and their causes.
Key = tuple[bool, tuple[Cause, ...]]


def parts(
    looked: list[Looked], sides: Sides, change: Callable[[list[int]], list[ApDifference]] | None = None
) -> list[Portion]:
    """Return the images that differ by their causes, unexplained ones first, then the largest part.

    `change` returns the AP differences over the images of these ids.
    """
    by_key = sorted(attributed(looked, sides), key=_key)
    found = {key: list(images) for key, images in groupby(by_key, key=_key)}
    alike = _alike(looked)
    keys = [*found, *(key for key in alike if key not in found)]
    made = [_part(key, found.get(key, []), alike.get(key, 0), change) for key in keys]
    return sorted(made, key=lambda part: (not part.unexplained, -part.images, -part.alike))


def _key(of: Attributed) -> Key:
    return not of.explained, of.causes


def _alike(looked: list[Looked]) -> dict[Key, int]:
    """Count the images that agree though something befell them that may make others differ."""
    alike: dict[Key, int] = {}
    for each in looked:
        if each.difference is None and each.evidence:
            key = False, tuple(sorted(each.causes, key=CAUSES.index))
            alike[key] = alike.get(key, 0) + 1
    return alike


def _part(
    key: Key, images: list[Attributed], alike: int, change: Callable[[list[int]], list[ApDifference]] | None
) -> Portion:
    unexplained, causes = key
    ids = [each.looked.image_id for each in images]
    return Portion(
        causes=list(causes),
        unexplained=unexplained,
        image_ids=ids,
        alike=alike,
        evidence=[each.text for each in images[0].evidence if each.text] if images else [],
        worst=worst(each.looked.difference for each in images if each.looked.difference),
        ap_differences=change(ids) if change and ids else [],
    )
