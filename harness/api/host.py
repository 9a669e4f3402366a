"""What this host is and can run, and what there is to measure and to compare with."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from harness import catalogue
from harness import noise as measuring_noise
from harness.api.checked import Flag, Minutes, Telling, Text, checked, recorded
from harness.api.shown import Shown, frame_of
from harness.catalogue import published
from harness.documents.noise import Noise, keep, kept
from harness.host import machine
from harness.paths import results_folder
from harness.pipeline import Interrupted
from harness.preflight.checks import Preflight
from harness.preflight.doctor import Findings, examine
from harness.preflight.noise import sentence
from harness.progress import Progress, Silent

SILENT = Silent()


@dataclass(frozen=True, repr=False, eq=False)
class Examined(Shown):
    """What this host is, and what runs on it.

    `environments` has a row for each environment: environment, image (whether it is here, missing where nobody can
    tell or none is needed), cpu, and a column cuda:N for each GPU that answers: how it runs there, or why not. `gpus`
    has a row for each GPU. `findings` has all that was found; what is unknown is None. `noise` is what was measured of
    this host's noise, now or earlier, None where nothing was; `disturbances` has a row for each thing that may make
    times differ: name, seen, disturbs, helps, missing_reason.
    """

    environments: pd.DataFrame
    gpus: pd.DataFrame
    findings: Findings
    noise: Noise | None = None

    @property
    def disturbances(self) -> pd.DataFrame:
        """What may make times differ, a row each; none where the noise was not measured."""
        rows = map(asdict, self.noise.disturbances if self.noise else [])
        return frame_of(rows, ("name", "seen", "disturbs", "helps", "missing_reason"))

    def _title(self) -> str:
        engine = f"Docker engine {self.findings.engine}" if self.findings.engine else str(self.findings.engine_reason)
        return f"this host: {self.findings.cores} cores, {engine}"

    def _lines(self) -> list[str]:
        reason = self.findings.gpus_reason
        return [*([reason] if reason else []), *([sentence(self.noise)] if self.noise else [])]

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.environments


@dataclass(frozen=True)
class Chosen:
    """The environment that `image="auto"` means on this host, why, and which GPUs were left out."""

    environment: str
    reason: str
    remarks: list[str]


@checked
def doctor(*, noise: Minutes | Flag = False, progress: Telling = SILENT) -> Examined:
    """Look at this host, as `harness doctor` does: what runs on it, and if not, why. Nothing is started or fetched.

    noise: measure how noisy the host is, as `harness doctor --noise` does, for about so many minutes; True takes five.
    progress: is told what goes on; the default is told nothing.

    With noise it raises BadInput where the time is too short, CannotRunHere where no model can run, StorageError where
    nothing can be written, and Interrupted by Ctrl-C, before which it keeps what was measured if that is enough.
    """
    command = recorded(doctor, locals())
    with Preflight() as preflight:
        findings = examine(preflight)
        seen = _noise(noise, command, preflight, progress)
    computing = {gpu.key: f"cuda:{n}" for n, gpu in enumerate(findings.gpus) if gpu.failure is None}
    lines = [
        {"environment": line.environment, "image": line.image, "cpu": line.cpu}
        | {name: line.gpus.get(key) for key, name in computing.items()}
        for line in findings.matrix
    ]
    return Examined(frame_of(lines), frame_of(map(asdict, findings.gpus), ("index", "name", "uuid")), findings, seen)


def _noise(minutes: float | bool, command: list[str], preflight: Preflight, progress: Progress) -> Noise | None:
    if minutes is False:
        return kept(machine.host_id())
    wanted = measuring_noise.MINUTES if minutes is True else measuring_noise.checked_minutes(minutes)
    seen = measuring_noise.measure(wanted, command, preflight, progress)
    keep(seen)
    if seen.interrupted:
        raise Interrupted(results_folder() / seen.run, seen.run)
    return seen


@checked
def choose(device: Text = "auto") -> Chosen:
    """Return the environment that `image="auto"` means here, as `harness choose` does.

    device: auto, cpu, cuda, cuda:N or cuda:UUID. Raises CannotRunHere where nothing can be measured on it.
    """
    with Preflight() as preflight:
        environment, reason = preflight.choose(preflight.target(device))
        return Chosen(environment.name, reason, preflight.left_out(device))


@checked
def models() -> pd.DataFrame:
    """Return the catalogued models, a row each, with what torchvision publishes of them, as `harness models` does.

    AP is in percent, missing where the model has no such task; thresholds are those of the detection passes.
    """
    frame = pd.json_normalize([asdict(model) for model in catalogue.models().values()])
    return frame.assign(tasks=frame.tasks.map(", ".join)).convert_dtypes()


@checked
def published_check() -> pd.DataFrame:
    """Return each cell of the latency table published in 2021 beside its source file, as published check does.

    is_the names the statistic of the file that the cell is, missing where it is none; faithful tells whether the
    document's other figures are the file's own.
    """
    return frame_of(map(asdict, published.check()))
