"""Jobs for the measuring loop alone, made of the harness's own protocols."""

from dataclasses import replace

from harness.catalogue import protocols
from runner.contract import SCHEMA_VERSION, Job, ModelSpec, Stopping, Variant, Weights

#: The lightest of the published models, so the one whose latency the loop would distort most.
MODEL = "ssdlite320_mobilenet_v3_large"


def loop_job(protocol: str, iterations: int) -> Job:
    """Return a job on the CPU of the protocol with `iterations` measured ones: all of them, and no warm-up by a count.

    One whose protocol measures until its median is known asks for more than any series gives.
    """
    plain = protocols()[protocol]
    warmup, measure = _count(0), _count(iterations)
    if plain.measure.rule == "interval":
        warmup = replace(plain.warmup, max_iterations=iterations)
        measure = replace(plain.measure, max_iterations=iterations, relative_half_width=1e-9)
    return Job(
        schema_version=SCHEMA_VERSION,
        cell="benchmark",
        environment="benchmark",
        suite="latency",
        model=ModelSpec(MODEL, Weights("random", seed=0)),
        device="cpu",
        protocol=replace(plain, warmup=warmup, measure=measure),
        variant=Variant(),
        repeat=1,
        images=[],
        expected={},
    )


def _count(iterations: int) -> Stopping:
    return Stopping(rule="count", min_iterations=iterations, max_iterations=iterations)
