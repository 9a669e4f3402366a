"""The table of docs/content.md is of these sources, and a part of it comes out again."""

import re

import pytest

from tools import content, write_content


def test_the_table_is_of_these_sources_and_every_interval_holds_as_often_as_it_should() -> None:
    text = write_content.PAGE.read_text(encoding="utf-8")
    assert f"<!-- sources {content.fingerprint()} -->" in text, "write it anew: python -m tools.write_content"
    for scenario in content.SCENARIOS:
        (line,) = re.findall(rf"^\| {re.escape(scenario.name)} \| ([\d.]+) % \| ([\d.]+) % ", text, re.MULTILINE)
        assert min(map(float, line)) >= 93.0


@pytest.mark.parametrize("number", [0, 2, 6])
def test_the_known_cost_of_a_detection_and_of_a_pixel_lies_in_its_interval(number: int) -> None:
    seen = content.held(number, trials=60)
    assert min(seen.covered.values()) >= 0.86  # 95 % less three standard errors
    assert max(seen.widths.values()) < 4
