"""The parts of the check, the most telling first."""

from collections.abc import Sequence

from harness.catalogue import environments
from tests.online import building, downloads, pins, precision
from tests.online.check import Part

_BUILT_GB = sum(environments()[name].image_gb or 0.0 for name in building.BUILT)

PARTS: Sequence[Part] = (
    Part("bases", "base digests at their registries", 0.0, "seconds", "", pins.registries, pins.bases),
    Part("locks", "hashes of the locks at their indexes", 0.02, "2 minutes", "", pins.indexes, pins.locks),
    Part(
        "missing-hashes",
        "hashes that a torch.lock lacks",
        0.01,
        "a minute",
        "",
        pins.wheel_indexes,
        pins.missing_hashes,
    ),
    Part(
        "cudnn",
        "the checksum of cuDNN's archive",
        1.1,
        "minutes",
        "1.1 GB of disk",
        lambda places: [downloads.cudnn_url(places)],
        downloads.cudnn,
    ),
    Part(
        "checkpoints",
        "torchvision's checkpoints, by their digits",
        downloads.weights_gb(),
        "minutes",
        f"{downloads.weights_gb():.1f} GB of disk",
        lambda places: [places.weights],
        downloads.checkpoints,
    ),
    Part(
        "ap",
        "AP of the eight models on COCO val2017",
        precision.coco_gb(),
        "half an hour on a GPU, half a day on a few CPUs (LIMIT=500: a tenth)",
        f"the checkpoints; {2 * precision.coco_gb():.1f} GB of disk; an engine or torch; a GPU helps",
        precision.servers,
        precision.precision,
    ),
    Part(
        "images",
        f"{' and '.join(building.BUILT)} on their real bases",
        _BUILT_GB / 2,
        "20 minutes",
        f"a Docker engine with {_BUILT_GB:.0f} GB of disk",
        building.built_on,
        building.build,
    ),
)
