"""The table of verdicts in docs/statistics.md is of these sources, holds what it has to, and a part comes out again."""

from tools import comparisons, write_comparisons


def rows() -> list[list[str]]:
    text = write_comparisons.PAGE.read_text(encoding="utf-8")
    lines = text.split(write_comparisons.BEGIN)[1].split(write_comparisons.END)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


def share(text: str) -> float:
    return float(text.removesuffix(" %"))


def test_the_table_is_of_these_sources() -> None:
    text = write_comparisons.PAGE.read_text(encoding="utf-8")
    assert f"<!-- compared {comparisons.fingerprint()} -->" in text, (
        "write it anew, a minute: python -m tools.write_comparisons"
    )
    assert len(rows()) == len(comparisons.DESIGNS)
