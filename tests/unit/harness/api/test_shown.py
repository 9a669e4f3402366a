import pandas as pd

from harness.api.shown import Shown, frame_of, harmless

HOSTILE = "\x1b]0;title\x07<b>bold</b>\x1b[1m"


def test_texts_categories_headings_and_lists_are_harmless_and_the_rest_stays() -> None:
    frame = pd.DataFrame(
        {
            HOSTILE: pd.Series([HOSTILE, "plain", None], dtype="category"),
            "list": [[HOSTILE], [], ["plain"]],
            "number": pd.Series([1, None, 3], dtype="Int64"),
        }
    )
    shown = harmless(frame)
    assert shown.columns.tolist() == ["<b>bold</b>", "list", "number"]
    assert shown.iloc[0, 0] == "<b>bold</b>"
    assert shown.iloc[:, 0].dtype == "category"
    assert shown["list"].tolist() == [["<b>bold</b>"], [], ["plain"]]
    assert shown.number.equals(frame.number)
    assert isinstance(shown.index, pd.RangeIndex)
    assert frame.columns[0] == HOSTILE  # which is the caller's


def test_two_columns_of_one_heading_stay_two() -> None:
    frame = pd.DataFrame([["a\x1b[1m", "b"]], columns=["same", "same"], index=["\x1b[1mrow"])
    shown = harmless(frame)
    assert shown.values.tolist() == [["a", "b"]]
    assert shown.index.tolist() == ["row"]


def test_rows_of_nothing_keep_their_columns() -> None:
    assert frame_of([], ("a", "b")).columns.tolist() == ["a", "b"]


class Value(Shown):
    """Something with a title, a line and a long table."""

    def _title(self) -> str:
        return "a <title>"

    def _lines(self) -> list[str]:
        return [f"a line {HOSTILE}"]

    def _frames(self) -> list[pd.DataFrame]:
        return [pd.DataFrame({"n": range(1000)})]


def test_a_value_shows_a_title_its_lines_and_some_rows() -> None:
    first, second, *table = repr(Value()).splitlines()
    assert (first, second) == ("a <title>", "a line <b>bold</b>")
    assert len(table) < 30
    assert Value()._repr_html_().startswith("<p><b>a &lt;title&gt;</b></p><p>a line &lt;b&gt;bold&lt;/b&gt;</p><table")
