import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.analysis.timings import timings_of
from harness.documents.run_folder import Cell
from harness.report.page import Report, build, charts, explained_page, markdown, static_charts
from harness.report.page.cards import environment_cards, hardware_cards, troubles
from harness.report.page.figures import column_name
from harness.report.page.palette import look
from harness.report.profiled import slower
from harness.report.table import Column, Table
from harness.report.tables import tables_of
from tests.unit.harness.page_cells import PUBLISHED, failed, on_gpu, page_cells, scored, timed
from tests.unit.harness.profiles import profile

HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x00\u2028\u202e"


def page(cells: list[Cell], *, published: bool = False, commands: tuple[str, ...] = ()) -> str:
    tables = tables_of(cells, published=published)
    return build(Report(cells, tables, published, commands, title="Report", made_at="2026-01-02"))


def data_of(html: str) -> dict[str, list[dict[str, Any]]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    data: dict[str, list[dict[str, Any]]] = json.loads(found[1])
    return data


def test_the_page_has_every_sample_warm_up_included() -> None:
    [model] = data_of(page([timed(PUBLISHED[0], samples_each=30)]))["samples"]
    [cell] = model["cells"]
    assert len(cell["ms"]) == len(cell["start"]) == len(cell["detections"]) == 32
    assert cell["warmup"] == [1, 1] + [0] * 30


def test_nothing_from_a_result_ends_the_script_that_holds_it() -> None:
    html = page([timed(PUBLISHED[0], HOSTILE)], commands=(HOSTILE,))
    assert data_of(html)["series"][0]["environment"] == HOSTILE.replace("\x00", " ").replace("\u2028", " ").replace(
        "\u202e", " "
    )
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "\x00" not in html


def test_the_policy_lets_only_the_scripts_of_the_page_run() -> None:
    html = page(page_cells(["cpu"]))
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
    assert len(scripts) == 2
    [policy] = re.findall(r'Content-Security-Policy" content="(.*?)"', html)
    assert set(re.findall(r"sha256-([\w+/=]+)", policy)) == hashes
    assert policy.startswith("default-src &#39;none&#39;; script-src &#39;sha256-")


def test_the_published_columns_stand_beside_the_measured_ones_where_they_are_wanted() -> None:
    cells = page_cells(["cuda10.2"])[:2]
    assert "2021: NVIDIA Tesla T4" in page(cells, published=True)
    assert "2021: NVIDIA Tesla T4" not in page(cells)


def test_random_weights_are_said_to_leave_accuracy_out() -> None:
    assert "with random weights, what is detected means nothing" in page([timed(PUBLISHED[0], weights="random")])
    assert "with random weights, what is detected means nothing" not in page([timed(PUBLISHED[0])])


@pytest.mark.parametrize("cells", [[failed(PUBLISHED[0])], [scored(PUBLISHED[0], ap=37.0)]], ids=["failed", "accuracy"])
def test_a_run_without_latencies_has_a_page_without_charts(cells: list[Cell]) -> None:
    html = page(cells)
    assert "<figure" not in html
    assert "vegaEmbed = " not in html


def test_reasons_stand_once_with_the_models_that_they_are_about() -> None:
    found = troubles([failed(PUBLISHED[0]), failed(PUBLISHED[1]), failed(PUBLISHED[0], message="another")])
    assert [(each.message, len(each.models)) for each in found] == [("no GPU here", 2), ("another", 1)]


def test_cards_tell_stacks_and_machines_apart() -> None:
    cells = [*page_cells(["cpu", "cuda10.2"]), on_gpu(timed(PUBLISHED[0])), timed(PUBLISHED[0], "local", pinned=False)]
    stacks, machines = environment_cards(cells), hardware_cards(cells)
    assert [card.title for card in stacks] == ["cpu", "cuda10.2", "local"]
    assert stacks[2].deviations == ["torch is 2.6.0, expected 1.9.0+cu102"]
    assert stacks[0].lists["Loaded libraries"] == ["libopenblas.so.0 0.3.21"]
    assert [card.title for card in machines] == ["AMD EPYC 7B12, 2 cores", "Tesla T4"]
    assert machines[1].facts["GPU 0"].startswith("Tesla T4, 15.0 GiB, driver 550.54")


def test_42_series_look_different() -> None:
    looks = {(look(number).colour, look(number).shape) for number in range(42)}
    assert len(looks) == 42


def test_markdown_shows_the_charts_that_lie_beside_it() -> None:
    cells = page_cells(["cuda10.2", "cpu"])
    tables = tables_of(cells, published=True)
    text = markdown(Report(cells, tables, published=True, commands=["harness run"], title="_A_b_", made_at="now"))
    pictures = re.findall(r"\]\(([\w-]+\.svg)\)$", text, re.MULTILINE)
    files = static_charts(charts(cells, timings_of(cells), published=True))
    assert pictures == list(files) == ["latency.svg", "accuracy.svg", "environments.svg", "heat-map.svg", "content.svg"]
    assert text.startswith("# \\_A_b\\_\n\n**SSDlite320 MobileNetV3-Large is fastest: ")
    assert "\n```\nharness run\n```\n" in text


def test_static_charts_are_well_formed_whatever_a_result_holds() -> None:
    cells = [timed(PUBLISHED[0], HOSTILE), timed(PUBLISHED[1], "cpu")]
    for svg in static_charts(charts(cells, timings_of(cells), published=True)).values():
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
        assert not tags & {"script", "image"}
        assert "text" in tags


def test_profiles_of_two_series_are_explained_with_their_flame_graph_and_no_script() -> None:
    plain, slow = (
        replace(cell, result=replace(cell.result, latency=replace(cell.result.latency, profile=known)))
        for cell, known in (
            (timed(PUBLISHED[0], HOSTILE), profile()),
            (timed(PUBLISHED[0], "cpu"), profile(m1=(4.0, 4.0))),
        )
        if cell.result.latency
    )
    cells = [slow, plain]
    report = Report(cells, [], published=False, commands=(), title="t", made_at="m", slower=list(slower(cells)))
    html = build(report)
    found = re.search(r'<section id="explained">(.*?)</section>', html, re.DOTALL)
    assert found and '<a href="#explained">' in html
    assert "backbone.body, depthwise convolutions" in found[1] and "<script" not in found[1]
    [drawing] = re.findall(r"<svg .*?</svg>", found[1], re.DOTALL)
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawing).iter()}
    assert tags == {"svg", "g", "title", "rect", "text"}
    assert list(slower(cells[:1])) == []
    own = explained_page([(each.explanation, each.drawing) for each in report.slower], [HOSTILE])
    assert "<script" not in own and "script-src &#39;none&#39;" in own and "backbone.body" in own and drawing in own


def test_a_wide_table_says_its_headings_in_each_row_and_where_its_groups_begin() -> None:
    groups = [[Column(f"{name} {n}", ["1", "2"]) for n in range(7)] for name in ("a", "b")]
    wide = Table("Wide", Column("Model", ["x", "y"]), groups)
    narrow = Table("Narrow", Column("Model", ["x"]), [[Column("a", ["1"])]])
    html = build(Report([failed(PUBLISHED[0])], [wide, narrow], False, [], title="Report", made_at="now"))
    assert re.findall(r'<td class="number start" data-heading="(.*?)">', html) == ["a 0", "b 0"] * 2
    assert html.count('<table class="many">') == 1


def test_the_address_calls_columns_by_short_words() -> None:
    names = ["latency, ms", "AP of boxes, %", "p99.9, ms", "images / s", "2021: NVIDIA Tesla T4 (Colab), ms"]
    assert [column_name(name) for name in names] == [
        "latency-ms",
        "ap-of-boxes",
        "p99.9-ms",
        "images-s",
        "2021-nvidia-tesla-t4-colab-ms",
    ]
