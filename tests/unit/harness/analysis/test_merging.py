import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from harness.analysis.merging import merged, tidy
from harness.cli.commands.merge import merge_runs
from harness.documents import Host
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument, BadInput
from harness.paths import ROOT
from harness.report.latency import arrange, latency_table
from runner.contract import SCHEMA_VERSION, Input, Memory, Result, Variant
from tests.samples import job, latency, ok_result, run_folder, software

LATER = "2026-01-03T00:00:00.000+00:00"


def test_the_frame_is_what_merge_writes(tmp_path: Path) -> None:
    names = [str(ROOT / "results" / "reference" / name) for name in ("quick-1", "accuracy-shapes")]
    merge_runs(names, tmp_path, published=False, allow=False)
    written = pyarrow.parquet.read_table(tmp_path / "tidy.parquet").to_pylist()
    frame = tidy(names).astype(object)
    assert frame.where(frame.notna(), None).to_dict("records") == written
    assert {row["suite"] for row in written} == {"latency", "accuracy"}


def test_what_was_not_measured_alike_is_refused_or_labelled(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", ok_result(job()))
    run_folder(tmp_path / "b", ok_result(job(), software=software(threads=1), started_at=LATER))
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    with pytest.raises(BadInput, match=r"not comparable: .*threads"):
        tidy(names)
    assert set(tidy(names, allow=True)["threads"]) == {1, 2}
    assert len(merged(names, allow=True).conflicts) == 1


def test_a_cell_that_was_cut_short_is_merged_unless_another_decoder_read_what_it_saw(tmp_path: Path) -> None:
    seen = [Input(f"{n}.jpg", 300, 451, f"{n}" * 64) for n in range(3)]
    decodings = {"short": seen[:1], "whole": seen, "other": [replace(seen[0], pixels_sha256="f" * 64), *seen[1:]]}
    for n, (name, inputs) in enumerate(decodings.items()):
        measured = replace(latency([10.0] * len(inputs)), inputs=inputs)
        run_folder(tmp_path / name, ok_result(job(), latency=measured, started_at=LATER.replace(":00.", f":0{n}.")))
    assert merged([str(tmp_path / name) for name in ("short", "whole")]).conflicts == []
    with pytest.raises(BadInput, match=r"not comparable: .*decoded pictures \(\w{6} \| \w{6}\)"):
        merged([str(tmp_path / name) for name in ("short", "other")])


def test_a_frame_of_nothing_is_refused(tmp_path: Path) -> None:
    for names in ([], [str(run_folder(tmp_path / "empty").path)]):
        with pytest.raises(BadInput, match="there is nothing to merge"):
            tidy(names)
    with pytest.raises(BadInput, match="there is no run"):
        tidy([str(tmp_path / "nowhere")])


def test_a_run_that_is_being_executed_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "a", ok_result(job()))
    with folder.locked(), pytest.raises(BadInput, match="being executed by another process; wait for it"):
        tidy([str(folder.path)])
    assert len(tidy([str(folder.path)])) > 0
    with folder.locked():  # which no reader keeps from being executed
        pass


def test_a_run_that_nobody_may_write_to_is_read(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "a", ok_result(job()))
    before = sorted(folder.path.rglob("*"))
    assert len(tidy([str(folder.path)])) > 0
    assert sorted(folder.path.rglob("*")) == before


def test_results_of_a_newer_version_are_refused(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "a", ok_result(job()))
    result = folder.cell_folder(job()) / "result.json"
    newer = f'"schema_version": {SCHEMA_VERSION + 1}'
    result.write_text(result.read_text().replace(f'"schema_version": {SCHEMA_VERSION}', newer, 1))
    with pytest.raises(BadDocument, match=f"has schema version {SCHEMA_VERSION + 1}, this harness reads up to"):
        tidy([str(folder.path)])


def test_a_copy_is_no_repeat_and_an_unknown_machine_none_other(tmp_path: Path) -> None:
    run_folder(tmp_path / "a", ok_result(job()), host=Host(None))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    with pytest.raises(BadInput, match="name each run once"):
        tidy([str(tmp_path / "a"), str(tmp_path / "b")])
    run_folder(tmp_path / "c", ok_result(replace(job(), repeat=2), started_at=LATER), host=Host(None))
    frame = tidy([str(tmp_path / "a"), str(tmp_path / "c")])
    assert frame["host"].isna().all()


@pytest.mark.parametrize(
    "result",
    [
        ok_result(job(repeat=10**30)),
        ok_result(job(), software=software(threads=1 << 63)),
        ok_result(job(), memory=Memory(10**400, 1, None, None)),
        ok_result(job(), latency=latency([1.0], detections=10**400)),
    ],
)
def test_a_number_that_no_table_holds_is_refused(tmp_path: Path, result: Result) -> None:
    with pytest.raises(BadDocument, match="holds a number that is too large for any table; leave the run out"):
        tidy([str(run_folder(tmp_path / "a", result).path)])


def rung(threads: int, observed: int | None = None, **changes: Any) -> Result:
    """Return the result of a step of a ladder."""
    of = job(variant=Variant(threads=threads), cell=f"step-{threads}")
    return ok_result(of, software=software(threads=observed or threads), **changes)


def test_the_steps_of_a_run_s_ladder_are_labelled_as_the_report_shows_them(tmp_path: Path) -> None:
    run_folder(tmp_path / "ladder", rung(1), rung(2), rung(4))
    names = [str(tmp_path / "ladder")]
    whole = merged(names)
    assert (whole.conflicts, set(whole.frame["threads"])) == ([], {1, 2, 4})
    shown = arrange(whole.timed, whole.gates, False).headings
    assert shown == latency_table(RunFolder(tmp_path / "ladder").cells()).headings
    assert [heading for heading in shown if "threads: " in heading]
    run_folder(tmp_path / "again", rung(2, started_at=LATER))
    assert merged([*names, str(tmp_path / "again")]).conflicts == []


def test_other_threads_than_a_ladder_s_or_than_were_asked_for_are_refused(tmp_path: Path) -> None:
    run_folder(tmp_path / "ladder", rung(1), rung(2))
    run_folder(tmp_path / "more", rung(8, started_at=LATER))
    run_folder(tmp_path / "apart", rung(1, started_at=LATER), host=Host("other"))
    run_folder(tmp_path / "from", rung(2, started_at="2026-01-04T00:00:00.000+00:00"), host=Host("other"))
    run_folder(tmp_path / "seen", rung(1, observed=3), rung(2))
    for names in (["ladder", "more"], ["apart", "from"], ["ladder", "apart", "from"], ["seen"]):
        with pytest.raises(BadInput, match=r"not comparable: .*threads \(\d \| \d"):
            merged([str(tmp_path / name) for name in names])
