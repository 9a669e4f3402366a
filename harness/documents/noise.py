"""How noisy a host was seen to be, and where that is kept: one document a host in the user's state folder."""

from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_state_path

from harness.documents.files import content_of, parsed, storing, write
from harness.errors import BadDocument
from runner.contract import Device, Document


@dataclass(frozen=True)
class Scatter(Document):
    """By which share of itself a figure differs: standard deviations of logarithms.

    `processes` is that of fresh processes, a drift over time included; `neighbours` that of those that ran one after
    the other, which is what a comparison by rounds has to do with, and `neighbours_at_most` what it is below with 95 %.
    `samples` is that of iterations within a process, pictures left out; None where a clock was too coarse for them.
    """

    processes: float
    neighbours: float
    neighbours_at_most: float
    samples: float | None


@dataclass(frozen=True)
class Disturbance(Document):
    """What may make times differ: what was seen of it, whether it disturbs, and the setting that would help.

    `seen` and `disturbs` are None where the host does not tell, with `missing_reason`.
    """

    name: str
    seen: str | None
    disturbs: bool | None
    helps: str | None = None
    missing_reason: str | None = None


@dataclass(frozen=True)
class Reach(Document):
    """The smallest difference, as a share, that so many repeats a side find in nine of ten comparisons."""

    repeats: int
    difference: float


@dataclass(frozen=True)
class Noise(Document):
    """One thing compared with itself on a host, in `processes` fresh ones of `iterations` each.

    `host` is a pseudonym as in execution.json, None where the host has no id: nothing is kept of it then. `wall` is of
    the time that figures are of, `cpu` of the CPU time of all threads, None with `cpu_missing_reason`. The shares of
    false alarms are of ways to call some processes A and as many B: by turns (`paired`), and anyhow (`unpaired`).
    `repeats` are how many a side find a difference of `margin`, None where a thousand don't. `interrupted` says that
    more was to be measured.
    """

    schema_version: int
    host: str | None
    measured_at: str
    run: str
    environment: str
    device: Device
    model: str
    processes: int
    failed: int
    iterations: int
    interrupted: bool
    wall: Scatter
    cpu: Scatter | None
    cpu_missing_reason: str | None
    margin: float
    paired_false_alarms: float
    unpaired_false_alarms: float
    repeats: int | None
    smallest: list[Reach] = field(default_factory=list)
    disturbances: list[Disturbance] = field(default_factory=list)


def place(host: str) -> Path:
    """Return the file of a host's noise."""
    return user_state_path("detection-harness") / "noise" / f"{host}.json"


def require_place(host: str | None) -> None:
    """Make the folder in which a host's noise is kept. Raises StorageError where that can't be."""
    if host is not None:
        folder = place(host).parent
        with storing(folder, "made", elsewhere=""):
            folder.mkdir(parents=True, exist_ok=True)


def keep(noise: Noise) -> Path | None:
    """Keep it in the place of an earlier one and return where, None where the host has no id. Raises StorageError."""
    if noise.host is None:
        return None
    require_place(noise.host)
    write(place(noise.host), noise)
    return place(noise.host)


def kept(host: str | None) -> Noise | None:
    """Return what is kept of the host, None where nothing is that this harness can read: nothing depends on it."""
    if host is None:
        return None
    try:
        content = content_of(place(host))
        return None if content is None else parsed(Noise, place(host), content)
    except BadDocument:
        return None
