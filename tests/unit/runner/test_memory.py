from pathlib import Path

import psutil
import pytest

pytest.importorskip("torch")

import torch

from runner import memory
from runner.contract import Memory

pytestmark = pytest.mark.torch

STATUS = """\
Name:\tpython
VmPeak:\t  900000 kB
VmSize:\t  800000 kB
VmHWM:\t  {peak} kB
VmRSS:\t     {now} kB
RssAnon:\t      17 kB
"""


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the meter reads for /proc/self/status."""
    path = tmp_path / "status"

    def instead(name: str) -> Path:
        assert name == "/proc/self/status"
        return path

    monkeypatch.setattr(memory, "Path", instead)
    return path


def test_the_peak_is_read_at_the_end_and_the_start_is_kept(status: Path) -> None:
    status.write_text(STATUS.format(peak=300, now=200))
    meter = memory.Meter(torch.device("cpu"))
    status.write_text(STATUS.format(peak=700, now=600))
    assert meter.read() == Memory(700 * 1024, 200 * 1024, None, None, "measured on the CPU")


@pytest.mark.parametrize("field", ["VmRSS", "VmHWM"])
def test_a_kernel_that_does_not_tell_is_an_error_with_the_field_in_it(status: Path, field: str) -> None:
    status.write_text(STATUS.format(peak=300, now=200).replace(field + ":", "Other:"))
    with pytest.raises(RuntimeError, match=f"has no {field}"):
        memory.Meter(torch.device("cpu")).read()


def test_this_process_is_measured() -> None:
    measured = memory.Meter(torch.device("cpu")).read()
    assert measured.rss_before_model_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.3)
    assert measured.rss_peak_bytes >= measured.rss_before_model_bytes * 0.99


def test_a_gpu_is_counted_from_the_meter_s_start(status: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status.write_text(STATUS.format(peak=300, now=200))
    gpu, peaks = torch.device("cuda:0"), {}
    started: list[bool] = []

    def reset(device: object) -> None:
        assert started, "Invalid device argument 0: did you call init?"
        peaks[device] = 0

    monkeypatch.setattr(torch.cuda, "init", lambda: started.append(True))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", reset)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: peaks[device] + 1000)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda device: peaks[device] + 2000)
    meter = memory.Meter(gpu)
    peaks[gpu] += 5
    assert meter.read() == Memory(300 * 1024, 200 * 1024, 1005, 2005, None)
