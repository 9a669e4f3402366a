"""A detector of a person's own, as small as one can be: a few convolutions, and a box for each brightest part.

It is written for torch 1.9 and Python 3.9, as for any newer.
"""

from torch import nn

from shades.grid import boxes

CLASSES = 4


class Finder(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 5, stride=4, padding=2),
            nn.ReLU(),
            nn.Conv2d(8, CLASSES, 3, stride=4, padding=1),
            nn.AdaptiveAvgPool2d(4),
        )

    def forward(self, images):
        return [self.found(image) for image in images]

    def found(self, image):
        scores, labels = self.features(image[None])[0].sigmoid().flatten(1).max(0)
        height, width = image.shape[-2:]
        return {"boxes": boxes(4, height, width).to(image.device), "labels": labels + 1, "scores": scores}


def build():
    print("what own code prints is in log.txt")
    return Finder()
