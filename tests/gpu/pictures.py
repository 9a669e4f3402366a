"""Pictures of what the bundled weights were trained to find: circles, rectangles and triangles on a plain ground."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HEIGHT, WIDTH = 480, 640


def draw(folder: Path, count: int) -> list[Path]:
    """Write `count` pictures with a figure of each kind, the same in every run, and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:02}.png" for number in range(count)]
    for number, path in enumerate(paths):
        dice = np.random.RandomState(number)
        picture = Image.new("RGB", (WIDTH, HEIGHT), tuple(dice.randint(150, 255, 3).tolist()))
        pen = ImageDraw.Draw(picture)
        for place, kind in enumerate(("circle", "rectangle", "triangle")):
            left, top = place * WIDTH // 3 + int(dice.randint(10, 60)), int(dice.randint(40, 240))
            size, colour = int(dice.randint(80, 140)), tuple(dice.randint(0, 120, 3).tolist())
            box = (left, top, left + size, top + size)
            if kind == "circle":
                pen.ellipse(box, colour)
            elif kind == "rectangle":
                pen.rectangle(box, colour)
            else:
                pen.polygon([(left, top + size), (left + size, top + size), (left + size // 2, top)], colour)
        picture.save(path)
    return paths
