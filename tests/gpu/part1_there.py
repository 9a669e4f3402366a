"""What is there: GPUs as NVML and torch see them, and whether this torch has code for them."""

import re
from collections import Counter

import pytest
import torch

from runner import compat, nvml
from runner.nvml import Listed
from tests.gpu.conftest import Seen


@pytest.fixture(scope="module")
def listed() -> list[Listed]:
    found, reason = nvml.listed()
    assert found, f"NVML shows no GPU: {reason}"
    return found


def test_nvml_describes_each_gpu(listed: list[Listed], seen: Seen) -> None:
    for number, each in enumerate(listed):
        seen(f"gpu {number}", each.gpu)
        told = (each.uuid, each.gpu.name, each.gpu.driver, each.gpu.memory_bytes, each.gpu.pci_bus_id)
        assert None not in told, (
            f"of GPU {number} NVML tells {each.gpu}, expected its name, UUID, driver, memory, bus id"
        )


def test_torch_sees_what_nvml_shows(listed: list[Listed], seen: Seen) -> None:
    seen("torch", f"{torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    assert torch.cuda.is_available(), f"torch {torch.__version__} sees no GPU, and NVML shows {len(listed)}"
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    seen("torch's devices", names)
    if any(each.gpu.mig_enabled for each in listed):
        seen("left out", "torch's devices beside NVML's, of which some are divided into instances")
        return
    unknown = Counter(names) - Counter(str(each.gpu.name) for each in listed)
    assert not unknown, f"torch names {names}, NVML {[each.gpu.name for each in listed]}"


def test_this_torch_has_code_for_the_gpu(listed: list[Listed], seen: Seen) -> None:
    capability = torch.cuda.get_device_capability(0)
    compiled = compat.compiled_architectures()
    seen("architectures", f"{' '.join(compiled)}, and the GPU is {capability[0]}.{capability[1]}")
    told = {each.gpu.compute_capability for each in listed} - {None}
    assert ".".join(map(str, capability)) in told, f"torch says {capability}, NVML {sorted(map(str, told))}"
    assert any(_runs(name, capability) for name in compiled), f"none of {compiled} runs on a GPU of {capability}"


def _runs(architecture: str, capability: tuple[int, int]) -> bool:
    """Tell whether code runs on such a GPU: machine code on its own major version, PTX on any that is newer."""
    found = re.fullmatch(r"(sm|compute)_(\d+)(\d)[af]?", architecture)
    if found is None:
        return False
    code = int(found[2]), int(found[3])
    return code <= capability and (found[1] == "compute" or code[0] == capability[0])


def test_torch_computes_on_it(seen: Seen) -> None:
    rows = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    product = (rows.to("cuda") @ rows.to("cuda").T).cpu()
    seen("product", product.tolist())
    assert torch.equal(product, rows @ rows.T), f"a product of whole numbers came out as {product}, not {rows @ rows.T}"
