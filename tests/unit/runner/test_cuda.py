"""What keeps a GPU from computing is named, with what helps against it."""

import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from runner import cuda, hardware, job, memory, models, used_gpu  # noqa: E402
from runner.contract import UsedGpu  # noqa: E402
from runner.errors import JobError  # noqa: E402
from tests import samples  # noqa: E402

pytestmark = pytest.mark.torch

OLD = "The NVIDIA driver on your system is too old (found version 11040)"
TOO_OLD = (
    f"CUDA initialization: {OLD}. Please update your GPU "
    "driver by downloading and installing a new version (Triggered internally at ../c10/cuda/CUDAFunctions.cpp:112.)"
)
NOT_READY = (
    "CUDA initialization: Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling "
    "NumCudaDevices() that might have already set an error? Error 802: system not yet initialized "
    "(Triggered internally at ../c10/cuda/CUDAFunctions.cpp:112.)"
)


@pytest.fixture
def sees(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let torch see a GPU or none, and warn of what is said."""

    def sees(available: bool, said: str = "", version: str | None = "13.0") -> None:
        def answer() -> bool:
            if said:
                warnings.warn(said, stacklevel=2)
            return available

        monkeypatch.setattr(torch.cuda, "is_available", answer)
        monkeypatch.setattr(torch.version, "cuda", version)

    return sees


@pytest.mark.parametrize(
    ("said", "version", "nvml", "why", "remedy"),
    [
        (
            TOO_OLD,
            "13.0",
            None,
            "sees none (The NVIDIA driver on your system is too old (found version 11040))",
            "upda",
        ),
        (NOT_READY, "13.0", None, "sees none (Error 802: system not yet initialized)", "start NVIDIA's fabric manager"),
        ("", "13.0", "GPU is lost", "sees none (NVML: GPU is lost)", "check the driver with nvidia-smi"),
        ("", "13.0", None, "sees none", "check the driver with nvidia-smi"),
        ("", None, "GPU is lost", "is built without CUDA", "install one that is built with it"),
    ],
)
def test_why_torch_sees_no_gpu_is_said_by_torch_itself(
    sees: Any, said: str, version: str | None, nvml: str | None, why: str, remedy: str
) -> None:
    sees(False, said, version)
    with pytest.raises(JobError) as caught:
        cuda.choose("cuda", nvml)
    assert caught.value.failure.message == f"the job asks for a GPU, but torch {torch.__version__} {why}"
    assert caught.value.failure.remedy.startswith(remedy)


def test_a_gpu_that_torch_sees_is_the_first(sees: Any) -> None:
    sees(True)
    assert str(cuda.choose("cuda", None)) == "cuda:0"
    assert str(cuda.choose("cpu", None)) == "cpu"


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("NVIDIA_TF32_OVERRIDE", "0", True),
        ("CUDA_LAUNCH_BLOCKING", "1", True),
        ("CUDA_LAUNCH_BLOCKING", "0", False),
        ("PYTORCH_NO_CUDA_MEMORY_CACHING", "0", True),
    ],
)
def test_what_overrides_the_protocol_is_refused_on_a_gpu_alone(
    sees: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: str, refused: bool
) -> None:
    sees(True)
    monkeypatch.setenv(name, value)
    assert cuda.choose("cpu", None).type == "cpu"
    if not refused:
        assert cuda.choose("cuda", None).type == "cuda"
        return
    with pytest.raises(JobError, match=f"{name}={value} is set, which") as caught:
        cuda.choose("cuda", None)
    assert caught.value.failure.remedy == f"unset {name}"


def test_what_a_person_chose_is_said_of_a_gpu_s_figures_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in cuda.CHOICES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", "50")
    said = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE=50 was set: only a part of the GPU computed"
    assert cuda.remarks(torch.device("cuda:0")) == [said]
    assert cuda.remarks(torch.device("cpu")) == []


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("CUDA error: all CUDA-capable devices are busy or unavailable\nCUDA kernel", "end the process that holds the"),
        ("CUDA error: CUDA-capable device(s) is/are busy or unavailable", "end the process that holds the GPU"),
        ("CUDA error: no kernel image is available for execution on the device", "choose an environment whose torch"),
        ("CUDA error: uncorrectable ECC error encountered", "reset the GPU"),
    ],
)
def test_an_error_of_the_machine_is_not_the_model_s(said: str, remedy: str) -> None:
    failure = cuda.failure_of(RuntimeError(said))
    assert failure
    assert (failure.cause, failure.message) == ("infrastructure", said.partition("\n")[0])
    assert failure.remedy.startswith(remedy)


@pytest.mark.parametrize(
    "error", [RuntimeError("CUDA error: device-side assert triggered"), ValueError("no kernel image is available")]
)
def test_an_error_of_the_model_stays_its_own(error: Exception) -> None:
    assert cuda.failure_of(error) is None


def ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception) -> Any:
    """Return the result of a cell on a GPU that ends with the error as the model is loaded."""

    def fail(*given: object) -> None:
        happened.append("model")
        raise error

    def observe() -> UsedGpu:
        happened.append("GPU")
        return UsedGpu("T4", None, None)

    happened: list[str] = []
    monkeypatch.setattr(hardware, "observe", lambda: samples.hardware())
    monkeypatch.setattr(used_gpu, "observe", observe)
    monkeypatch.setattr(memory, "Meter", lambda device: None)
    monkeypatch.setattr(models, "load", fail)
    of = samples.job(device="cuda")
    result = job.execute(of, job.Folders(None, None, tmp_path), lambda *event, **fields: None)
    assert happened == ["model", "GPU"], "the driver is asked which GPU it was before torch has started it"
    return result


def test_a_cell_that_ends_names_its_gpu_and_what_helps(sees: Any, monkeypatch: Any, tmp_path: Path) -> None:
    sees(True)
    result = ended(monkeypatch, tmp_path, RuntimeError("CUDA error: out of memory\nSearch for"))
    assert (result.status, result.hardware.used_gpu.name) == ("out_of_memory", "T4")
    assert result.failure.remedy.startswith("free memory of the GPU")
    result = ended(monkeypatch, tmp_path, MemoryError("no room"))
    assert (result.status, result.failure.remedy.startswith("free memory, ")) == ("out_of_memory", True)
    result = ended(monkeypatch, tmp_path, RuntimeError("CUDA error: no kernel image is available for execution"))
    assert (result.status, result.failure.cause) == ("failed", "infrastructure")
