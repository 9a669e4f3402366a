"""The page in a browser, as a person opens it: from a file, without a network."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright import sync_api
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request

from harness.documents.run_folder import Cell
from harness.paths import ROOT
from harness.report.page import Report, build
from harness.report.tables import tables_of
from tests import samples
from tests.needs import lacks
from tests.unit.harness.page_cells import PUBLISHED, STACKS, failed, on_gpu, page_cells, scored, timed

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")

#: Looked at by people; build/ is not part of the project.
SCREENSHOTS = ROOT / "build" / "screenshots"
DESKTOP, PHONE = 1280, 360
AP = dict(zip(PUBLISHED, [37.0, 32.8, 22.8, 36.4, 25.1, 21.3, 37.9], strict=False))
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\x00\u202e" + "x" * 400

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        lacks("BROWSER", "no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


#: The pages that were built, by their cells.
BUILT: dict[str, str] = {}


def page_of(cells: list[Cell]) -> str:
    """Return the page of the cells, built once however many tests open it."""
    key = repr(cells)
    if key not in BUILT:
        tables = tables_of(cells, published=True)
        commands = ["harness run --image cuda10.2 --all-models"]
        report = Report(cells, tables, published=True, commands=commands, title="Report", made_at="2026-01-02")
        BUILT[key] = build(report)
    return BUILT[key]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """Give a function that opens the page of cells; in the end nothing was complained of, asked or requested."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    def requested(request: Request) -> None:
        complaints.extend([request.url] if request.url != (tmp_path / "report.html").as_uri() else [])

    def open_(cells: list[Cell], *, width: int = DESKTOP, scheme: Literal["light", "dark"] = "light") -> Page:
        file = tmp_path / "report.html"
        file.write_text(page_of(cells))
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", dismissed)
        page.on("request", requested)
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def many_cells() -> list[Cell]:
    passes = [scored(builder, ap=ap, verdict="equal") for builder, ap in AP.items()]
    passes += [scored(builder, "cpu-debian13", ap=ap, verdict="different") for builder, ap in AP.items()]
    reasons = [failed(builder) for builder in PUBLISHED]
    return page_cells(list(STACKS)) + passes + reasons


def draw_all(page: Page) -> None:
    for figure in page.locator("[data-chart]").all():
        figure.scroll_into_view_if_needed()
        sync_api.expect(figure).to_have_attribute("data-drawn", re.compile(r"\d+"))
    page.evaluate("scrollTo(0, 0)")


def models(page: Page) -> list[str]:
    rows = page.locator("#head tbody tr:visible th")
    return [text.split("\n")[0].strip() for text in rows.all_inner_texts()]


def column(page: Page, name: str) -> list[str]:
    headings = page.locator("#head thead th").all_inner_texts()
    number = next(i for i, text in enumerate(headings) if text.startswith(name))
    return [row.split("\t")[number].strip() for row in page.locator("#head tbody tr:visible").all_inner_texts()]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("size", ["few", "many"])
def test_every_chart_is_drawn_within_the_width_of_the_page(
    opened: Opened, size: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    cells = page_cells(["cuda10.2"])[:3] if size == "few" else many_cells()
    page = opened(cells, width=width, scheme=scheme)
    draw_all(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"report-{size}-{width}-{scheme}.png", full_page=True)
    assert overflow(page) <= 0
    for drawing in page.locator(".drawing").locator("svg, canvas").all():
        assert (box := drawing.bounding_box()) is not None
        assert box["height"] > 20


def test_a_heading_sorts_and_sorts_the_other_way_with_gaps_last(opened: Opened) -> None:
    page = opened(many_cells())
    ap = page.locator("#head thead button", has_text="AP of boxes")
    ap.click()
    up = [float(text.split()[0]) for text in column(page, "AP") if text[0].isdigit()]
    assert up == sorted(up)
    assert models(page)[-1] == "Keypoint R-CNN ResNet-50 FPN"
    ap.click()
    down = [float(text.split()[0]) for text in column(page, "AP") if text[0].isdigit()]
    assert down == sorted(up, reverse=True)
    assert models(page)[-1] == "Keypoint R-CNN ResNet-50 FPN"


def test_the_keyboard_alone_sorts_and_says_so(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2"]))
    page.locator("#head thead button", has_text="model").focus()
    page.keyboard.press("Enter")
    assert models(page) == sorted(models(page))
    assert page.locator("#head th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "environment"


def test_a_filter_leaves_the_rows_and_the_charts_of_its_series(opened: Opened) -> None:
    page = opened(many_cells())
    draw_all(page)
    latency = page.locator("[data-chart=latency]")
    latency.scroll_into_view_if_needed()
    page.get_by_label("environment").select_option("cpu")
    sync_api.expect(page.locator("#count")).to_have_text("8 of 40 rows")
    assert set(column(page, "environment")) == {"cpu"}
    sync_api.expect(latency).to_have_attribute("data-drawn", "16")  # a heading and a row for each model
    page.get_by_label("environment").select_option("")
    sync_api.expect(latency).to_have_attribute("data-drawn", "48")


def test_hardware_is_a_filter_too(opened: Opened) -> None:
    page = opened([*page_cells(["cuda10.2"]), on_gpu(timed(PUBLISHED[0], faster=9))])
    page.get_by_label("hardware").select_option("Tesla T4")
    assert models(page) == ["Faster R-CNN ResNet-50 FPN"]


def test_another_model_has_its_own_samples_and_titles(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2"]))
    draw_all(page)
    page.locator("#model").select_option("SSD300 VGG16")
    for title in page.locator("[data-title]").all_inner_texts():
        assert title.startswith("SSD300 VGG16: ")


def test_a_point_says_what_it_is(opened: Opened) -> None:
    page = opened([timed(PUBLISHED[4])])
    draw_all(page)
    page.locator("[data-chart=latency] .mark-symbol path").hover()
    sync_api.expect(page.locator("#tip")).to_contain_text("SSD300 VGG16")


def test_a_sample_says_what_it_is(opened: Opened) -> None:
    page = opened([timed(PUBLISHED[4], samples_each=1)])
    draw_all(page)
    canvas = page.locator("[data-chart=by-detections] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tip = page.locator("#tip")
    around = ((middle[0] + x, middle[1] + y) for x in range(-20, 60, 4) for y in range(-60, 20, 4))
    while tip.is_hidden():
        page.mouse.move(*next(around))
    sync_api.expect(tip).to_contain_text("measured")
    sync_api.expect(tip).to_contain_text("detections")


def test_the_button_turns_dark_into_light(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2"]), scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate(ground) != dark


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_a_hostile_result_holds_stays_text_and_within_its_place(opened: Opened, width: int) -> None:
    cell = timed(PUBLISHED[0], HOSTILE, hardware=samples.hardware(HOSTILE))
    assert cell.result.software
    software = replace(cell.result.software, torch=HOSTILE, packages={HOSTILE: HOSTILE}, torch_config=HOSTILE)
    result = replace(cell.result, software=software, warnings=[HOSTILE])
    page = opened(
        [replace(cell, result=result), timed(PUBLISHED[1]), failed(PUBLISHED[2], HOSTILE, message=HOSTILE)], width=width
    )
    draw_all(page)
    page.locator("[data-chart=latency] .mark-symbol path").first.hover()
    page.screenshot(path=SCREENSHOTS / f"report-hostile-{width}.png", full_page=True)
    assert page.locator("img, main script").count() == 0
    shown = HOSTILE.replace("\x00", " ").replace("\u202e", " ").strip()
    assert page.locator("#head td .cut").first.get_attribute("title") in (shown, "cuda10.2")
    assert page.locator(".card h3").first.text_content() == shown
    assert overflow(page) <= 0
