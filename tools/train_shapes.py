"""Trains the SSDlite320 that ships with the repository on generated pictures; `--weights shapes` names it.

The pictures are those of `shapes` with another seed: none of the evaluation set is among them. The same seeds give the
same pictures and the same start everywhere; sums in another order make the weights differ in their last digits.
"""

import argparse
import hashlib
import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from harness.data.shapes import JPEG_QUALITY
from harness.data.shapes.figures import CATEGORIES
from harness.data.shapes.pictures import draw
from harness.paths import SHAPES_WEIGHTS

#: Of the pictures (evaluation has 0) and of the weights' start.
SEED = 1
BATCH, WEIGHT_DECAY = 16, 1e-4
SHOWN_EVERY = 25


@dataclass(frozen=True)
class Pictures:
    """Pictures of the seed from a number on, (3, H, W) in 0..1, with boxes and labels; every other one mirrored."""

    first: int
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> "tuple[torch.Tensor, dict[str, torch.Tensor]]":
        drawn = draw(SEED, self.first + index)
        objects = [seen for seen in drawn.objects if not seen.figure.crowd]
        boxes = np.array([seen.box for seen in objects], np.float32).reshape(-1, 4)
        pixels = compressed(drawn.pixels)
        if index % 2:
            pixels = pixels[:, ::-1]
            left, top, right, bottom = boxes.T
            width = pixels.shape[1]
            boxes = np.stack([width - right, top, width - left, bottom], 1)
        labels = torch.tensor([seen.figure.category for seen in objects], dtype=torch.int64)
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
        return image, {"boxes": torch.from_numpy(boxes), "labels": labels}


def compressed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the pixels as a reader decodes them from the JPEG of the set, RGB."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(stream).convert("RGB"))


def build(weights: Path | None) -> torch.nn.Module:
    """Return the model, new from the seed, or with the weights of a file that this script wrote."""
    torch.manual_seed(SEED)
    model = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1 + len(CATEGORIES))
    if weights:
        state = safetensors.numpy.load_file(weights)
        model.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    return model.train()


def train(model: torch.nn.Module, steps: int, peak_rate: float, first_picture: int, workers: int) -> torch.nn.Module:
    """Train the model for so many steps, one cycle of the learning rate, and return it."""
    pictures = Pictures(first_picture, steps * BATCH)
    pictures = DataLoader(pictures, BATCH, num_workers=workers, collate_fn=lambda pairs: zip(*pairs, strict=True))
    optimiser = torch.optim.AdamW(model.parameters(), lr=peak_rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak_rate, total_steps=steps, pct_start=0.15)
    began, recent = time.monotonic(), []
    for step, (images, targets) in enumerate(pictures, start=1):
        loss = sum(model(list(images), list(targets)).values())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        recent.append(loss.item())
        if step % SHOWN_EVERY == 0 or step == steps:
            each_s = (time.monotonic() - began) / step
            print(
                f"step {step}/{steps}: loss {np.mean(recent):.3f}, {BATCH / each_s:.1f} pictures/s, "
                f"{(steps - step) * each_s / 60:.1f} min left",
                flush=True,
            )
            recent.clear()
    return model.eval()


def save(model: torch.nn.Module, path: Path) -> None:
    """Write the state as safetensors, numbers with a point in half precision."""
    state = {name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    safetensors.numpy.save_file({name: value.numpy() for name, value in state.items()}, path)


def main() -> None:
    """Train, save, and say what came of it."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--peak-rate", type=float, default=2e-3, help="of the cycle of the learning rate")
    parser.add_argument("--start", type=Path, help="go on from these weights, a file that this script wrote")
    parser.add_argument("--first-picture", type=int, default=1, help="number of the first picture to train on")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw pictures")
    parser.add_argument("--out", type=Path, default=SHAPES_WEIGHTS)
    options = parser.parse_args()
    if options.out.exists():
        parser.error(f"{options.out} exists already; name another file with --out, or remove it first")
    began = time.monotonic()
    model = build(options.start)
    save(train(model, options.steps, options.peak_rate, options.first_picture, options.workers), options.out)
    content = options.out.read_bytes()
    print(f"{options.out}: {len(content) / 1e6:.2f} MB, SHA-256 {hashlib.sha256(content).hexdigest()}")
    print(f"{options.steps} steps of {BATCH} pictures took {(time.monotonic() - began) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
