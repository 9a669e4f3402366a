"""Results of standard-1 as the runner leaves them, from seeded series."""

from dataclasses import replace
from typing import Any

import numpy as np

from harness.catalogue import protocols
from runner.contract import Job, Latency, Result, Samples
from runner.contract.goals import goal_of
from runner.contract.pilot import replay
from runner.contract.tails import replay_whole
from tests.samples import job, ok_result

PICTURES = ("a.jpg", "b.jpg", "c.jpg")


def a_series(n: int = 120, *, deviation: float = 0.02, seed: int = 1, mix: float = 0.0) -> np.ndarray:
    """Return n times in ms of three pictures in turn, around 50; `mix` is how much longer each next picture takes."""
    noise = np.random.default_rng(seed).standard_normal(n)
    return np.asarray(50.0 * (1 + deviation * noise) * (1 + mix * (np.arange(n) % len(PICTURES))))


def measured(times: np.ndarray, of: Job | None = None, **changes: Any) -> Result:
    """Return the result of a job whose iterations take the times (n,), up to where its estimator ends them.

    The process got all of its CPU time; `cpu` says otherwise, as a share for each iteration. `most` caps iterations.
    With a `percentile` asked for, all of them are measured. `pictures` take turns.
    """
    of = of or job(protocol="standard-1")
    if most := changes.pop("most", None):
        of = replace(of, variant=replace(of.variant, iterations=most))
    percentile = changes.pop("percentile", None)
    of = replace(of, variant=replace(of.variant, percentile=percentile))
    goal, n = goal_of(of), len(times)
    assert goal
    pictures = changes.pop("pictures", PICTURES)
    names = [pictures[i % len(pictures)] for i in range(n)]
    end = (replay_whole if percentile else replay)(times, names, goal)
    steady = end.steadiness.kind != "no steady state"
    begin = end.steadiness.begin if steady else 0
    cpu, n = changes.pop("cpu", np.ones(n)), end.iterations
    times, names, cpu = times[:n], names[:n], cpu[:n]
    phases: list[Any] = ["warmup"] * begin + ["measured"] * (n - begin)
    samples = Samples(
        phase=phases,
        start_ms=[float(sum(times[:i])) for i in range(n)],
        wall_ms=times.tolist(),
        device_ms=[None] * n,
        image=names,
        height=[300] * n,
        width=[400] * n,
        detections=[7] * n,
        process_cpu_ms=(times * cpu).tolist(),
        voluntary_switches=[0] * n,
        involuntary_switches=[int(share < 0.9) for share in cpu],
    )
    latency = Latency(
        load_ms=5.0,
        stopped_by="precise" if end.verdict == "precise" else "cap",
        planned_iterations=goal.max_iterations,
        other_load_cpus=changes.pop("other_load_cpus", 0.0),
        inputs=[],
        samples=samples,
        warmup=end.steadiness.kind,
        steady_from=begin if steady else None,
        pilot_iterations=end.pilot.begin + end.pilot.samples if end.pilot else None,
        percentile=percentile,
    )
    return ok_result(of, latency=latency, **changes)


def counted(result: Result) -> Result:
    """Return the result with the same samples, as if quick-1 had taken them."""
    latency = result.latency
    assert latency
    samples = replace(latency.samples, phase=["measured"] * len(latency.samples.phase))
    plain = replace(latency, samples=samples, warmup=None, steady_from=None, pilot_iterations=None, stopped_by="count")
    return replace(result, latency=plain, job=replace(result.job, protocol=protocols()["quick-1"]))
