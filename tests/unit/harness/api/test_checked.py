import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.api.checked import Count, Flag, Names, RunName, Telling, checked, names_of, parts_of, recorded, run_name
from harness.documents.plan import is_call
from harness.errors import BadInput
from harness.knobs.table import OPTIONS
from harness.progress import Silent

SILENT = Silent()


@checked
def measure(
    *runs: RunName, threads: Count | None = None, models: Names = (), all: Flag = False, progress: Telling = SILENT
) -> tuple[Any, ...]:
    """Return what comes out of the checks."""
    return runs, threads, models, all, progress


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"threads": "4"}, "threads can't be '4'; give a whole number from 1 on or None."),
        ({"threads": 0}, "threads can't be 0; give a whole number from 1 on or None."),
        ({"threads": True}, "threads can't be True; give a whole number"),
        ({"threads": 2.0}, "threads can't be 2.0; give a whole number"),
        ({"models": 3}, "models can't be 3; give a name or a list of names."),
        ({"models": ["a", 3]}, "models can't be ['a', 3]; give a name or a list of names."),
        ({"all": "no"}, "all can't be 'no'; give True or False."),
        ({"progress": print}, "progress can't be <built-in function print>; give a harness.progress.Progress"),
    ],
)
def test_a_value_of_another_type_is_a_sentence(keywords: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput) as raised:
        measure(**keywords)
    assert str(raised.value).startswith(sentence)
    assert raised.value.reason
    assert raised.value.remedy


def test_each_of_several_is_checked() -> None:
    with pytest.raises(BadInput, match="runs can't be None; give a run's ID"):
        measure("a", None)  # type: ignore[arg-type]


def test_what_fits_arrives_as_it_was_given() -> None:
    runs, threads, models, everything, progress = measure("a", Path("b"), threads=2, models=["x"], all=True)
    assert (runs, threads, models, everything, progress) == (("a", Path("b")), 2, ["x"], True, SILENT)


def test_a_number_of_numpy_is_a_number_that_can_be_written_down() -> None:
    _, threads, *_ = measure(threads=np.int64(3))  # type: ignore[arg-type]
    assert type(threads) is int


def test_a_value_is_shown_in_one_line_that_no_terminal_obeys() -> None:
    with pytest.raises(BadInput) as raised:
        measure(threads=pd.DataFrame({"\x1b[31mred": range(100)}))  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert len(str(raised.value)) < 200


def test_an_unknown_keyword_stays_python_s_own_error() -> None:
    with pytest.raises(TypeError, match="model"):
        measure(model="x")  # type: ignore[call-arg]


def test_a_call_is_recorded_without_defaults_and_progress() -> None:
    def ran(
        *, threads: int | None = None, models: Names = (), out: Path | None = None, progress: object = None
    ) -> None: ...

    values = {"threads": 2, "models": ["it's"], "out": Path("a"), "progress": Silent()}
    assert recorded(ran, values) == ["harness.ran", "threads=2", """models=["it's"]""", "out='a'"]
    assert is_call(recorded(ran, values))
    assert recorded(ran, values | {"threads": None, "models": ()}) == ["harness.ran", "out='a'"]
    assert not is_call(["run", "--model", "harness.measure"])
    assert not is_call([])


def test_a_knob_is_a_keyword_of_the_table_of_knobs() -> None:
    shown = inspect.signature(harness.run).parameters
    assert set(OPTIONS) <= set(shown)
    assert "knobs" not in shown
    for keywords, sentence in [
        ({"threads": "two"}, "--threads 'two' is no whole number of at least 1; give one such as 2."),
        ({"threads": True}, "--threads 'True' is no whole number"),
        ({"cpus": [0]}, "'[0]' is no list of CPUs"),
        ({"reader": "tiff"}, "there is no reader 'tiff'"),
        ({"thread": 2}, "there is no keyword 'thread'; did you mean blas_threads or threads?"),
        ({"model": "x"}, "there is no keyword 'model'; did you mean all_models or models or published_models?"),
    ]:
        with pytest.raises(BadInput) as raised:
            harness.run(models="ssd300_vgg16", **keywords)  # type: ignore[arg-type]
        assert str(raised.value).startswith(sentence)


def test_what_is_recorded_has_the_knobs_by_name() -> None:
    values = {"image": "local", "dry_run": False, "knobs": {"threads": 2, "cpus": None}}
    assert recorded(harness.run, values) == ["harness.run", "image='local'", "threads=2"]


def test_help_shows_plain_types() -> None:
    shown = str(inspect.signature(harness.run))
    assert "limit: int | None = None" in shown.replace("Optional[int]", "int | None")
    assert "progress: harness.progress.Progress = Silent()" in shown
    assert "Annotated" not in shown


def test_names_are_a_list_or_one_text() -> None:
    assert names_of("a") == ["a"]
    assert names_of(("a", "b")) == ["a", "b"]
    assert parts_of("cuda10.2, local") == parts_of(["cuda10.2", "local"]) == ["cuda10.2", "local"]


def test_a_dry_run_is_no_run_to_go_on_with() -> None:
    dry = harness.Run("", None, True, [], pd.DataFrame())
    with pytest.raises(BadInput, match="a dry run has no results; run it without dry_run"):
        run_name(dry)
