"""What NVML says of a GPU while a model runs on it: written down as it comes, for stand-ins that tell the truth."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gpu import jobs
from tests.gpu.conftest import Seen
from tests.gpu.questions import AGAIN, ONCE, answers, is_refusal
from tests.gpu.runs import Runs
from tests.gpu.sizes import sizes
from tests.gpu.watching import device, watched

#: What every GPU with a monitor of its own tells; of several ways to the same, one is enough.
EXPECTED: dict[str, tuple[Callable[[dict[str, Any]], Any], ...]] = {
    "clock": (lambda sample: sample["sm_clock_mhz"],),
    "temperature": (lambda sample: sample["celsius"],),
    "power": (lambda sample: sample["power_mw"], lambda sample: sample["fields"]["POWER_INSTANT"]),
    "utilisation": (lambda sample: sample["utilisation"]["gpu"],),
    "reasons": (lambda sample: sample["event_reasons"], lambda sample: sample["throttle_reasons"]),
}
#: Energy over time beside the mean of power samples: a unit that is off is a factor of 1000, and the samples are few.
NEAR = 0.4, 2.5
#: A GPU goes above its limit for moments alone.
ABOVE_LIMIT = 1.5
Samples = list[tuple[float, dict[str, Any]]]


@pytest.fixture(scope="module")
def once() -> Iterator[dict[str, Any]]:
    with device() as gpu:
        yield answers(ONCE, gpu)


@pytest.fixture(scope="module")
def samples(once: dict[str, Any], runs: Runs, report: Path) -> Samples:
    """The answers from the start of a cell to its end, which are left in nvml.json."""
    with device() as gpu:
        running = runs.start(jobs.latency(sizes().watched, sizes().watched_iterations))
        with watched(lambda: answers(AGAIN, gpu)) as found:
            result = running.result()
    assert result.status == "ok", f"the model that NVML is asked beside: {result.status}, {result.failure}"
    document = {"pid": running.process.pid, "once": once, "samples": [{"s": at, **told} for at, told in found]}
    (report / "nvml.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
    return found


@pytest.mark.parametrize("what", EXPECTED)
def test_it_tells(what: str, samples: Samples, seen: Seen) -> None:
    told = [told_by(way, sample) for _, sample in samples for way in EXPECTED[what]]
    numbers = [each for each in told if isinstance(each, int)]
    seen(what, f"{min(numbers)} to {max(numbers)}" if numbers else "nothing")
    assert numbers, f"NVML tells no {what} in {len(samples)} samples: {told[:2]}"


def test_what_it_refuses_is_written_down(once: dict[str, Any], samples: Samples, seen: Seen) -> None:
    _, last = samples[-1]
    flat = {**once, **last, **(last["fields"] if not is_refusal(last["fields"]) else {})}
    seen("refused", {name: answer["error"] for name, answer in flat.items() if is_refusal(answer)})
    assert not all(map(is_refusal, flat.values())), f"NVML refuses every question: {flat}"


def test_it_sees_the_model_at_work(samples: Samples, seen: Seen) -> None:
    busy = [told_by(EXPECTED["utilisation"][0], sample) for _, sample in samples]
    most = max((share for share in busy if isinstance(share, int)), default=None)
    seen("utilisation, %", most)
    assert most != 0, f"the GPU computed, and its utilisation was 0 in all {len(samples)} samples"


def test_power_and_energy_agree(once: dict[str, Any], samples: Samples, seen: Seen) -> None:
    power = [(at, sample["power_mw"]) for at, sample in samples if not is_refusal(sample["power_mw"])]
    energy = [(at, sample["energy_mj"]) for at, sample in samples if not is_refusal(sample["energy_mj"])]
    if len(power) < 2 or len(energy) < 2:
        seen("left out", "power and energy, which this GPU does not tell both")
        return
    mean_w = sum(milliwatts for _, milliwatts in power) / len(power) / 1000
    (first_at, first), (last_at, last) = energy[0], energy[-1]
    counted_w = (last - first) / 1000 / (last_at - first_at)
    seen("power and energy over time, W", f"{mean_w:.1f}, {counted_w:.1f}")
    least, most = NEAR
    assert least * mean_w <= counted_w <= most * mean_w, f"power is {mean_w:.1f} W, energy over time {counted_w:.1f} W"
    if not is_refusal(once["power_limit_mw"]):
        limit_w = once["power_limit_mw"] / 1000
        assert mean_w <= ABOVE_LIMIT * limit_w, f"power is {mean_w:.1f} W, above its limit of {limit_w:.1f} W"


def test_processes_are_written_down(samples: Samples, seen: Seen) -> None:
    lists = [sample["processes"] for _, sample in samples if not is_refusal(sample["processes"])]
    numbers = sorted({process["pid"] for each in lists for process in each})
    seen("processes", f"{numbers}; in a container they may have the numbers of its host, or none")
    seen("lists of processes", f"{len(lists)} of {len(samples)}, {sum(map(bool, lists))} with a process")


def told_by(way: Callable[[dict[str, Any]], Any], sample: dict[str, Any]) -> Any:
    """Return what one way tells of a sample, None where that was refused as a whole."""
    try:
        return way(sample)
    except (KeyError, TypeError):
        return None
