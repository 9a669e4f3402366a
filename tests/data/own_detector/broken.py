"""Detectors of a person's own that are none, each in its own way."""

import os
import sys

import torch
from torch import nn


class Plain(nn.Module):
    def forward(self, images):
        return [self.found(image) for image in images]

    def found(self, image):
        return {"boxes": torch.ones(1, 4), "labels": torch.ones(1, dtype=torch.int64), "scores": torch.ones(1)}


class Nan(Plain):
    def found(self, image):
        return dict(super().found(image), scores=torch.tensor([float("nan")]))


class Exits(Plain):
    def found(self, image):
        sys.exit(0)


class Ends(Plain):
    def found(self, image):
        os._exit(0)


class Wanders(Plain):
    """Takes all that is the runner's, as far as it can."""

    def __init__(self):
        super().__init__()
        os.chdir("/")
        print('{"event": "iteration"}')
        os.write(1, b'{"event": "iteration", "phase": 3}\n')
        sys.stdout.close()
        torch.set_num_threads(1)
        torch.backends.cudnn.benchmark = True
