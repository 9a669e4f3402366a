"""How much is measured: enough to tell on a GPU, and next to nothing where stand-ins try the check itself."""

import os
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Sizes:
    """What the parts measure with.

    `models` are the builders of part 3, all that are catalogued where it is empty, and `quick` iterations each, or the
    protocol's; `looped` are the two beside the published loop, by `rounds` of `loop_iterations` with `loop_pixels`
    (height, width). `passes` detect with random weights, in `pictures` photographs. `filling` runs out of memory with
    `left_bytes` left, by a `crowd` of photographs at once, all where it is None. `watched` runs `watched_iterations`
    while NVML is asked.
    The harness runs `commanded`, the eight published models where it is empty, and `published`, a light model and a
    heavy one of its kind, by the published recipe with `published_iterations`.
    """

    models: tuple[str, ...]
    quick: int | None
    pictures: int
    looped: tuple[str, ...]
    rounds: int
    loop_iterations: int
    loop_pixels: tuple[int, int]
    passes: tuple[str, ...]
    filling: str
    crowd: int | None
    left_bytes: int
    watched: str
    watched_iterations: int
    commanded: tuple[str, ...]
    published: tuple[str, str]
    published_iterations: int


SSDLITE, FASTER = "ssdlite320_mobilenet_v3_large", "fasterrcnn_resnet50_fpn"
FULL = Sizes(
    models=(),
    quick=None,
    pictures=4,
    looped=(SSDLITE, FASTER),
    rounds=12,
    loop_iterations=12,
    loop_pixels=(1080, 1980),
    passes=(SSDLITE, FASTER, "retinanet_resnet50_fpn"),
    filling=FASTER,
    crowd=None,
    left_bytes=3 * GIB // 2,
    watched=FASTER,
    watched_iterations=200,
    commanded=(),
    published=("fasterrcnn_mobilenet_v3_large_320_fpn", FASTER),
    published_iterations=30,
)
SMALL = Sizes(
    models=(SSDLITE, "fasterrcnn_mobilenet_v3_large_320_fpn"),
    quick=2,
    pictures=1,
    looped=(SSDLITE,),
    rounds=2,
    loop_iterations=1,
    loop_pixels=(108, 198),
    passes=(),
    filling=SSDLITE,
    crowd=2,
    left_bytes=2**22,
    watched=SSDLITE,
    watched_iterations=10,
    commanded=(SSDLITE,),
    published=("fasterrcnn_mobilenet_v3_large_320_fpn", SSDLITE),
    published_iterations=1,
)


def sizes() -> Sizes:
    """Return the sizes that hold: the small ones where GPU_CHECK_SMALL is set."""
    return SMALL if os.environ.get("GPU_CHECK_SMALL") else FULL
