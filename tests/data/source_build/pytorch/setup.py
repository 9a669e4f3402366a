"""Stands for PyTorch's build: the same commands and variables, a library and a module instead of thousands."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup

HERE = Path(__file__).parent
assert "thrust/host_vector.h" in (HERE / "caffe2/utils/math_gpu.cu").read_text(), "the patch is missing"
assert (HERE / "third_party/ios-cmake/LICENSE.txt").exists(), "setup.py wants a file in every submodule's folder"
assert Path(os.environ["CUDA_HOME"], "lib64").is_symlink(), "the archive replaced a folder of CUDA"
assert os.environ["CUDA_NVCC_EXECUTABLE"].endswith("ccache/nvcc") and int(os.environ["MAX_JOBS"]) >= 1
if "--cmake-only" in sys.argv:
    launcher = "-DCMAKE_C_COMPILER_LAUNCHER=" + os.environ["CMAKE_C_COMPILER_LAUNCHER"]
    sys.exit(subprocess.call(["cmake", "-G", "Ninja", launcher, "-S", ".", "-B", "build"]))

(HERE / "torch/lib").mkdir(exist_ok=True)
shutil.copy(HERE / "build/libtorch_cpu.so", HERE / "torch/lib")
version = os.environ["PYTORCH_BUILD_VERSION"]
(HERE / "torch/version.py").write_text(f"__version__ = {version!r}\n")
flags = " ".join("sm_" + name.replace(".", "") for name in os.environ["TORCH_CUDA_ARCH_LIST"].split(";"))
module = Extension(
    "torch._C",
    ["stub.c"],
    define_macros=[("ARCHITECTURES", f'"{flags}"')],
    library_dirs=[os.environ["CUDA_HOME"] + "/lib64", "torch/lib"],
    libraries=["cudart", "cudnn", "torch_cpu"],
    extra_link_args=["-Wl,-rpath,$ORIGIN/lib"],
)
setup(name="torch", version=version, packages=["torch"], package_data={"torch": ["lib/*.so"]}, ext_modules=[module])
