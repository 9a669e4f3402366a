"""What all columns share is said once, and what is left of each label stays unmistakable."""

from dataclasses import replace

from harness.analysis.labels import labels_of, split_labels
from harness.analysis.series import LatencySeries, latency_series
from harness.documents import Host
from harness.documents.run_folder import Cell
from runner.contract import Job
from tests.samples import execution, hardware, job, ok_result, software

EPYC, XEON = "AMD EPYC 7B12, 2 cores", "Intel Xeon, 2 cores"


def series(of: Job, host: str | None = "one", **changes: object) -> LatencySeries:
    return latency_series(Cell(of, ok_result(of, **changes), execution(of, host=Host(host)), "run"))  # type: ignore[arg-type]


def split(*columns: LatencySeries) -> tuple[str, list[str]]:
    shared, own = split_labels(columns)
    assert len(set(own.values())) == len(columns)
    return shared, [own[each] for each in columns]


def test_one_machine_is_shared() -> None:
    assert split(series(job())) == (EPYC, ["cuda10.2"])
    assert split(series(job()), series(job(environment="local"))) == (EPYC, ["cuda10.2", "local"])


def test_what_differs_stays_in_each_label() -> None:
    one = series(job(), software=software(threads=1))
    assert split(series(job()), one) == (EPYC, ["cuda10.2 · threads: 2", "cuda10.2 · threads: 1"])


def test_two_machines_share_their_environment_alone() -> None:
    other = series(job(), host="two", hardware=hardware("Intel Xeon"))
    assert split(series(job()), other) == ("cuda10.2", [EPYC, XEON])
    alike = split(series(job()), series(job(), host="two"))
    assert alike == ("cuda10.2", [f"{EPYC} · machine one", f"{EPYC} · machine two"])


def test_two_machines_of_one_kind_are_not_one() -> None:
    shared, own = split(series(job()), series(job(environment="local"), host="two"))
    assert (shared, own) == ("", [f"cuda10.2 · {EPYC}", f"local · {EPYC}"])


def test_what_was_never_measured_is_of_no_machine() -> None:
    failed = series(job(environment="local"), hardware=None)
    assert split(series(job()), failed) == (EPYC, ["cuda10.2", "local · not measured"])
    assert split(failed) == ("", ["local · not measured"])


def test_nothing_in_common_is_nothing_shared() -> None:
    columns = [series(job()), series(job(environment="local"), host="two", hardware=hardware("Intel Xeon"))]
    assert split_labels(columns) == ("", labels_of(columns))


def test_a_name_that_stands_in_another_loses_nothing_else() -> None:
    odd = replace(series(job()), environment=f"cuda10.2 · {EPYC}")
    assert split(odd, series(job())) == (EPYC, [f"cuda10.2 · {EPYC}", "cuda10.2"])
