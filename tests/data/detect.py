"""What each published model, filled with random weights, detects in a picture: python detect.py OUT PICTURE.

Stands in a container in place of the runner's own __main__: Python 3.9 syntax. R-CNNs and RetinaNet get small
pictures, so that all eight take seconds.
"""

import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image

from runner import compat, models
from runner.contract import ModelSpec, Weights

BUILDERS = [
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn",
    "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "retinanet_resnet50_fpn_v2",
    "fcos_resnet50_fpn",
    "maskrcnn_resnet50_fpn_v2",
]
SMALL = 384


def main(out: Path, picture: Path) -> None:
    torch.set_num_threads(1)
    pixels = torch.from_numpy(numpy.array(Image.open(picture).convert("RGB"))).permute(2, 0, 1) / 255.0
    found = {}
    for builder in filter(compat.has, BUILDERS):
        model, sha256 = models.load(ModelSpec(builder, Weights("random", seed=0)), None)
        if not builder.startswith("ssd"):
            model.transform.min_size, model.transform.max_size = (SMALL,), SMALL
        with torch.no_grad():
            (detections,) = model([pixels])
        lists = {name: detections[name].tolist() for name in ("boxes", "labels", "scores")}
        found[builder] = {"torch": str(torch.__version__), "weights_sha256": sha256, **lists}
    (out / "detections.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
