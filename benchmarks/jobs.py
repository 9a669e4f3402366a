"""Jobs for the measuring loop alone, made of the harness's own protocols."""

from dataclasses import replace

from harness.catalogue import protocols
from runner.contract import SCHEMA_VERSION, Job, ModelSpec, Stopping, Variant, Weights

#: The lightest of the published models, so the one whose latency the loop would distort most.
MODEL = "ssdlite320_mobilenet_v3_large"


def loop_job(protocol: str, iterations: int) -> Job:
    """Return a job on the CPU of the protocol with `iterations` measured ones and no warm-up."""
    return Job(
        schema_version=SCHEMA_VERSION,
        cell="benchmark",
        environment="benchmark",
        suite="latency",
        model=ModelSpec(MODEL, Weights("random", seed=0)),
        device="cpu",
        protocol=replace(protocols()[protocol], warmup=_count(0), measure=_count(iterations)),
        variant=Variant(),
        repeat=1,
        images=[],
        expected={},
    )


def _count(iterations: int) -> Stopping:
    return Stopping(rule="count", min_iterations=iterations, max_iterations=iterations)
