"""Profiles as stacks: each time once, in its place, and told as it is."""

import re
from xml.etree import ElementTree

import pytest

from harness.report.flame import flame_graph, folded, stacks
from tests.unit.harness.profiles import MODULES, profile


def test_stacks_sum_to_the_modules_without_the_profiler() -> None:
    found = stacks(profile(m1=(3.0, 3.0)))
    assert sum(found.values()) == pytest.approx(sum(ms for ms, *_ in MODULES.values()) + 2 * 12.0, rel=0.01)
    body = {stack: ms for stack, ms in found.items() if stack[:3] == ("backbone", "body", "1")}
    assert sum(body.values()) == pytest.approx(36.0, rel=0.01)
    assert {stack[3] for stack in body} == {"aten::mkldnn_convolution", "aten::convolution_"}


def test_folded_lines_are_frames_and_whole_microseconds() -> None:
    lines = folded(profile()).splitlines()
    assert all(re.fullmatch(r"[^ ;]+(;[^ ;]+)* [1-9]\d*", line) for line in lines)
    assert any(line.startswith("backbone;body;0;aten::mkldnn_convolution ") for line in lines)


def test_a_flame_graph_is_as_wide_as_b_and_says_both_times() -> None:
    drawn = ElementTree.fromstring(flame_graph(profile(), profile(m1=(3.0, 3.0)), "A & B"))
    svg = "{http://www.w3.org/2000/svg}"
    told = {str(group.findtext(f"{svg}title")): group.find(f"{svg}rect") for group in drawn.iter(f"{svg}g")}
    (slower,) = (rect for text, rect in told.items() if text.startswith("1: 12.0"))
    (same,) = (rect for text, rect in told.items() if text.startswith("0: 20.0"))
    assert slower is not None and same is not None
    assert float(slower.attrib["width"]) == pytest.approx(1200 * 36 / 71, rel=0.01)
    assert str(slower.attrib["fill"]).startswith("rgb(235,")
    assert same.attrib["fill"] == "rgb(235,235,235)"
    assert "A & B: 47.0 → 71.0 ms" in str(drawn.findtext(f"{svg}text"))
