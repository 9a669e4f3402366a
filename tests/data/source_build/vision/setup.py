"""Stands for torchvision's build: a module that needs libpng and torch's library, as the original does."""

import os
from pathlib import Path

import torch
from setuptools import Extension, setup

assert os.environ["FORCE_CUDA"] == "1"
version = os.environ["BUILD_VERSION"]
Path("torchvision/version.py").write_text(f"__version__ = {version!r}\n")
lib = str(Path(torch.__file__).parent / "lib")
module = Extension(
    "torchvision._C",
    ["stub.c"],
    library_dirs=[lib],
    libraries=["torch_cpu", "png16"],
)
setup(name="torchvision", version=version, packages=["torchvision"], ext_modules=[module])
