import pandas as pd
import pyarrow as pa
import pytest

from harness.analysis.tidy import BATCH, COLUMNS, FIGURES, LABELS, Rows, Tidy, frame_of, table_of, whole_of
from harness.analysis.tidy_figure import Labels, TidyFigure
from harness.knobs import columns
from harness.paths import ROOT


def rows(*cells: tuple[Labels, list[TidyFigure]]) -> Tidy:
    taken = Rows()
    for labels, figures in cells:
        taken.add(labels, figures)
    return taken.tidy()


def test_a_cell_has_a_row_for_each_figure_and_one_without() -> None:
    times = [TidyFigure("latency_mean", value=2.0, unit="ms", n=3), TidyFigure("load", value=1.0, unit="ms")]
    frame = frame_of(whole_of([rows(({"cell": "a", "threads": 2}, times), ({"cell": "b"}, []))]))
    assert frame["cell"].tolist() == ["a", "a", "b"]
    assert frame["metric"].tolist()[:2] == ["latency_mean", "load"]
    assert frame["metric"].isna().tolist() == [False, False, True]
    assert frame["threads"].isna().tolist() == [False, False, True]
    assert frame["value"].tolist()[:2] == [2.0, 1.0]
    assert frame["reported"].tolist() == [False] * 3


def test_texts_are_categories_counts_stay_whole_and_units_stand_beside() -> None:
    frame = frame_of(
        whole_of([rows(({"cell": "a", "repeat": 1, "pinned": True}, [TidyFigure("load", value=1.0, unit="ms")]))])
    )
    dtypes = {pa.int64(): "Int64", pa.bool_(): "boolean", pa.float64(): "float64"}
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: dtypes.get(kind, "category") for name, kind in COLUMNS.items()
    }
    assert frame.groupby(["metric", "unit"], observed=True)["value"].mean().to_dict() == {("load", "ms"): 1.0}


def test_frames_of_several_runs_share_their_categories() -> None:
    tables = [rows(({"run": name, "cell": "c"}, [])) for name in ("a", "b", "a")]
    frame = frame_of(whole_of(tables))
    assert frame["run"].tolist() == ["a", "b", "a"]
    assert frame["run"].cat.categories.tolist() == ["a", "b"]


def test_a_frame_of_nothing_has_the_columns() -> None:
    frame = frame_of(whole_of([]))
    assert list(frame.columns) == [*LABELS, *FIGURES]
    assert frame.empty
    assert frame.dtypes["value"] == "float64"
    assert isinstance(frame.dtypes["run"], pd.CategoricalDtype)


def test_the_table_is_the_frame_s_and_what_is_no_number_is_unknown() -> None:
    values = [TidyFigure("load", value=value, n=n) for n, value in enumerate([1.5, float("nan"), None])]
    whole = whole_of([rows(({"cell": "b", "pinned": True}, values), ({"cell": "a", "threads": 2}, values[:1]))] * 2)
    frame, table = frame_of(whole), table_of(whole)  # a frame takes nothing away
    assert table.schema == pa.schema(COLUMNS)
    assert table["value"].to_pylist() == [1.5, None, None, 1.5] * 2
    for name in COLUMNS:
        assert [None if pd.isna(value) else value for value in frame[name]] == table[name].to_pylist()


def test_labels_are_kept_once_a_cell() -> None:
    whole = rows(*(({"cell": name}, [TidyFigure("load", value=float(n)) for n in range(3)]) for name in "ab"))
    assert (whole.cells.num_rows, whole.figures.num_rows) == (2, 6)


def test_more_cells_than_become_columns_at_once_stay_in_their_order() -> None:
    count = 2 * BATCH + 1
    frame = frame_of(whole_of([rows(*(({"repeat": n}, [TidyFigure("load", value=n / 2)]) for n in range(count)))]))
    assert frame["repeat"].tolist() == list(range(count))
    assert frame["value"].tolist() == [n / 2 for n in range(count)]


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in columns.OBSERVED | columns.ASKED])
def test_every_column_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert f"`{name}`" in text.split("## Many runs in one table")[1].split("\n## ")[0]
