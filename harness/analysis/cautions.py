"""What a reader has to know of a measurement, judged here from what the runner observed of it.

Early versions of the runner judged themselves and left their sentences in the result. Such a sentence is shown only
where the observation is missing that it was made from; else it is made anew, so that no result says anything twice.
"""

import re
from collections.abc import Callable

from harness.analysis.assessed import Assessed, assessed
from harness.analysis.doubt import lost_to
from harness.analysis.standing import CONTENT, UNSTEADY, content_of, shortfall
from harness.text import count, percent
from runner.contract import Result

#: Below this many detections an image, on average, the second stage of a model has had next to nothing to do.
FEW_DETECTIONS = 1.0
#: Above this, on average, latencies are worth little: torch's threads wait for the slowest of them.
OTHER_LOAD_CPUS = 0.25
#: Fewer samples in doubt than this share, which move the figure by less than the other, are not worth a sentence.
FEW_IN_DOUBT, MOVED = 0.05, 0.01
FEW, LOAD, THROTTLED, DOUBT = "few detections: ", "other work kept ", "throttled in ", "samples in doubt: "
UNBOUNDED, OWN_THREADS = "insufficient for ", "threads of the BLAS: "
SLOW_BLAS = "matrix products run on the reference BLAS, which is many times slower than OpenBLAS or MKL"
FAST_BLAS = re.compile(r"openblas|mkl|blis|atlas")
#: Makes a result's sentences of one kind, also of what is assessed of its latency, if it has one; none where all is
#: well, None where nothing was observed to judge by.
Judge = Callable[[Result, Assessed | None], list[str] | None]


def warnings_of(result: Result, known: Assessed | None = None) -> list[str]:
    """Return what is to be known of a result before its figures are used: first of its weights, then of its making.

    `known` is what is assessed of its latency, where that is had already.
    """
    known = known or assessed(result)
    judged = {beginning: judge(result, known) for beginning, judge in JUDGES.items()}
    anew = tuple(beginning for beginning, said in judged.items() if said is not None)
    stored = [text for text in result.warnings if not text.startswith(anew)]
    return [*result.remarks, *stored, *(text for said in judged.values() for text in said or [])]


def _short_of(result: Result, known: Assessed | None) -> list[str] | None:
    return shortfall(result, known.standing if known else None)


def _content(result: Result, known: Assessed | None) -> list[str] | None:
    return content_of(result, known.standing if known else None)


def _unbounded(result: Result, known: Assessed | None) -> list[str] | None:
    """Judge whether a percentile that was asked for has bounds; where there is no steady state, that says it all."""
    tail, latency = known.tail if known else None, result.latency
    if tail is None or latency is None:
        return None
    if tail.needed is None:
        return []
    made = count(latency.samples.phase.count("measured"), "iteration")
    more = f" (--iterations {tail.needed})" if tail.needed > latency.planned_iterations else ", with more time"
    return [f"{UNBOUNDED}{tail.name}: {made} give it no bounds, about {tail.needed} would do{more}"]


def _few_detections(result: Result, _: Assessed | None) -> list[str] | None:
    if result.latency is None or not result.latency.samples.detections:
        return None
    counts = result.latency.samples.detections
    mean = sum(counts) / len(counts)
    did_little = "an image, so non-maximum suppression and the heads did little work"
    return [f"{FEW}{mean:.2f} {did_little}"] if mean < FEW_DETECTIONS else []


def _other_load(result: Result, _: Assessed | None) -> list[str] | None:
    load = result.latency.other_load_cpus if result.latency else None
    if load is None:
        return None
    return [f"{LOAD}{load:.1f} CPUs busy meanwhile: measure again when idle"] if load > OTHER_LOAD_CPUS else []


def _throttling(result: Result, _: Assessed | None) -> list[str] | None:
    supply = result.cpu_supply
    if supply is None:
        return None
    if not supply.throttled_periods or supply.quota_cpus is None:
        return []
    return [
        f"{THROTTLED}{supply.throttled_periods} of {supply.periods} periods by a CPU quota of "
        f"{supply.quota_cpus:g} CPUs: measure without a quota, bound to CPUs (a cpuset) instead"
    ]


def _slow_blas(result: Result, _: Assessed | None) -> list[str] | None:
    """Judge whether nothing but the reference BLAS was loaded, which computes correctly and slowly."""
    if result.software is None:
        return None
    names = [library.name for library in result.software.shared_libraries]
    is_slow = any(name.startswith("libblas.") for name in names) and not any(map(FAST_BLAS.search, names))
    return [SLOW_BLAS] if is_slow else []


def _threads_beside_torch(result: Result, _: Assessed | None) -> list[str] | None:
    """Judge whether torch's BLAS computed with more threads than torch itself did."""
    if result.software is None:
        return None
    libraries, threads = result.software.shared_libraries, result.software.threads
    beyond = [each for each in libraries if (each.threads or 0) > threads and not each.is_bundled]
    most = max(beyond, key=lambda each: each.threads or 0, default=None)
    if most is None:
        return []
    own = f"{most.threads} threads of its own beside torch's {threads}"
    return [f"{OWN_THREADS}{most.name} has {own}: bind both with --threads"]


def _in_doubt(result: Result, known: Assessed | None) -> list[str] | None:
    if known is None or known.doubt is None:
        return None
    doubt, statistic = known.doubt, result.job.protocol.statistic
    if doubt.got is None:  # there are none
        return []
    figure, sure = known.summary.value(statistic), known.sure.value(statistic) if known.sure else None
    if doubt.count < FEW_IN_DOUBT * doubt.measured and sure and abs(sure / figure - 1) < MOVED:
        return []
    left = f"without them {sure:.1f} ms" if sure else "none is left without them"
    got = f"{doubt.count} of {doubt.measured} got {percent(doubt.got, 0)} of the CPU time that such calls usually get"
    return [f"{DOUBT}{got}; {', '.join(lost_to(result, doubt))}; {left}"]


#: The judges, in the order of their sentences, by how those begin.
JUDGES: dict[str, Judge] = {
    UNSTEADY: _short_of,
    CONTENT: _content,
    UNBOUNDED: _unbounded,
    FEW: _few_detections,
    LOAD: _other_load,
    THROTTLED: _throttling,
    DOUBT: _in_doubt,
    SLOW_BLAS: _slow_blas,
    OWN_THREADS: _threads_beside_torch,
}
