"""Writes jobs/NAME.json anew: what compose.yaml's services measure, one job an environment, resolved from its pins.

Each is SSDlite with random weights on the CPU; the runner's --model and --device choose another.
"""

import json
from dataclasses import asdict

from harness import paths
from harness.catalogue import Environment, docker_environments, protocols
from harness.data import pictures
from harness.paths import ROOT
from runner.contract import SCHEMA_VERSION, Job, ModelSpec, Variant, Weights

JOBS = ROOT / "jobs"
PROTOCOL = protocols()["quick-1"]
PICTURES = pictures.pictures(paths.PHOTOGRAPHS, PROTOCOL.measure.max_iterations)
MODEL = ModelSpec("ssdlite320_mobilenet_v3_large", Weights("random", seed=0))


def job(stack: Environment) -> Job:
    """Return what the services of an environment measure."""
    return Job(
        schema_version=SCHEMA_VERSION,
        cell=f"compose--{stack.name}",
        environment=stack.name,
        suite="latency",
        model=MODEL,
        device="cpu",
        protocol=PROTOCOL,
        variant=Variant(),
        repeat=1,
        images=PICTURES,
        expected=stack.pins,
    )


def texts() -> dict[str, str]:
    """Return the text of each file of jobs/ by its name."""
    return {f"{stack.name}.json": json.dumps(asdict(job(stack)), indent=1) + "\n" for stack in docker_environments()}


if __name__ == "__main__":
    JOBS.mkdir(exist_ok=True)
    for name, text in texts().items():
        (JOBS / name).write_text(text, encoding="utf-8")
