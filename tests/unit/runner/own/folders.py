"""Folders of a person's own code, as the tests of it write them."""

from pathlib import Path

from runner.contract import Code, ModelSpec, Weights
from runner.contract.code import builder_of, folder_sha256

TINY = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, images):
        return [
            {"boxes": torch.ones(1, 4), "labels": torch.ones(1, dtype=torch.int64), "scores": torch.ones(1)}
            for image in images
        ]

def build():
    return Tiny()
"""


def written(folder: Path, text: str = TINY, module: str = "own_tiny", function: str = "build") -> Code:
    """Write a module into the folder and return what a plan says of its function."""
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Code(module, function, folder_sha256(folder))


def spec(code: Code, weights: Weights | None = None) -> ModelSpec:
    """Return the model of a job for that code."""
    return ModelSpec(builder_of(code), weights or Weights("own"), None, code)
