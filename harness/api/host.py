"""What this host is and can run, and what there is to measure and to compare with."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from harness import catalogue
from harness.api.checked import Text, checked
from harness.api.shown import Shown, frame_of
from harness.catalogue import published
from harness.preflight.checks import Preflight
from harness.preflight.doctor import Findings, examine


@dataclass(frozen=True, repr=False, eq=False)
class Examined(Shown):
    """What this host is, and what runs on it.

    `environments` has a row for each environment: environment, image (whether it is here, missing where nobody can
    tell or none is needed), cpu, and a column cuda:N for each GPU that answers: how it runs there, or why not. `gpus`
    has a row for each GPU. `findings` has all that was found; what is unknown is None.
    """

    environments: pd.DataFrame
    gpus: pd.DataFrame
    findings: Findings

    def _title(self) -> str:
        engine = f"Docker engine {self.findings.engine}" if self.findings.engine else str(self.findings.engine_reason)
        return f"this host: {self.findings.cores} cores, {engine}"

    def _lines(self) -> list[str]:
        return [self.findings.gpus_reason] if self.findings.gpus_reason else []

    def _frames(self) -> Iterator[pd.DataFrame]:
        yield self.environments


@dataclass(frozen=True)
class Chosen:
    """The environment that `image="auto"` means on this host, why, and which GPUs were left out."""

    environment: str
    reason: str
    remarks: list[str]


@checked
def doctor() -> Examined:
    """Look at this host, as `harness doctor` does: what runs on it, and if not, why. Nothing is started or fetched."""
    with Preflight() as preflight:
        findings = examine(preflight)
    computing = {gpu.key: f"cuda:{n}" for n, gpu in enumerate(findings.gpus) if gpu.failure is None}
    lines = [
        {"environment": line.environment, "image": line.image, "cpu": line.cpu}
        | {name: line.gpus.get(key) for key, name in computing.items()}
        for line in findings.matrix
    ]
    return Examined(frame_of(lines), frame_of(map(asdict, findings.gpus), ("index", "name", "uuid")), findings)


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
