"""Imports torch and torchvision and ends: what any container of the runner costs. Python 3.9 syntax."""

import torch  # noqa: F401
import torchvision  # noqa: F401
