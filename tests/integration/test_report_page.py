"""The page in a browser, as a person opens it: from a file, without a network."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright import sync_api
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request

from harness.documents.run_folder import Cell
from harness.paths import ROOT
from harness.report.page import Report, build
from harness.report.page.clips import Clip
from harness.report.tables import tables_of
from tests import samples
from tests.integration.browsers import chromium
from tests.unit.harness.page_cells import PUBLISHED, STACKS, failed, on_gpu, page_cells, repeated, scored, timed

#: Looked at by people; build/ is not part of the project.
SCREENSHOTS = ROOT / "build" / "screenshots"
DESKTOP, PHONE = 1280, 360
AP = dict(zip(PUBLISHED, [37.0, 32.8, 22.8, 36.4, 25.1, 21.3, 37.9], strict=False))
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\x00\u202e" + "x" * 400

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


#: The pages that were built, by their cells.
BUILT: dict[str, str] = {}


def page_of(cells: list[Cell], clips: Sequence[Clip] = ()) -> str:
    """Return the page of the cells, built once however many tests open it."""
    key = repr((cells, clips))
    if key not in BUILT:
        tables = tables_of(cells, published=True)
        commands = ["harness run --image cuda10.2 --all-models"]
        report = Report(cells, tables, True, commands, title="Report", made_at="2026-01-02", clips=clips)
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
        complaints.extend([request.url] if request.url.split("#")[0] != (tmp_path / "report.html").as_uri() else [])

    def open_(
        cells: list[Cell],
        *,
        width: int = DESKTOP,
        scheme: Literal["light", "dark"] = "light",
        choices: str = "",
        clips: Sequence[Clip] = (),
        scripts: bool = True,
    ) -> Page:
        file = tmp_path / "report.html"
        file.write_text(page_of(cells, clips))
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", dismissed)
        page.on("request", requested)
        page.goto(file.as_uri() + choices)
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


def shown_columns(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("#head thead th:visible").all_inner_texts()]


def fragment(page: Page) -> str:
    return page.url.partition("#")[2]


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


def test_the_menu_of_columns_is_left_by_the_keyboard_to_where_it_was_opened(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2"]))
    page.locator(".menu summary").focus()
    for key in ("Enter", "Tab", "Space", "Escape"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == "Columns"
    assert not page.evaluate("document.querySelector('.menu').open")
    assert "environment" not in " ".join(shown_columns(page))


def test_without_a_script_the_tables_are_there_and_a_sentence_says_what_is_not(opened: Opened) -> None:
    page = opened(many_cells(), scripts=False)
    sync_api.expect(page.locator("noscript p:visible")).to_contain_text(
        "take JavaScript, which this browser does not run here"
    )
    assert page.locator("#head tbody tr:visible").count() == len(page.locator("#head tbody tr").all()) > 8
    for dead in page.locator("button:not(thead button), select, [data-chart], nav [href='#charts']").all():
        assert not dead.is_visible()
    page.locator("#tables summary").first.click()
    assert page.locator("#tables table").first.is_visible()


def test_a_filter_leaves_the_rows_and_the_charts_of_its_series(opened: Opened) -> None:
    page = opened(many_cells())
    draw_all(page)
    latency = page.locator("[data-chart=latency]")
    latency.scroll_into_view_if_needed()
    page.locator("[data-filter=environment]").select_option("cpu")
    sync_api.expect(page.locator("#count")).to_have_text("8 of 40 rows")
    assert set(column(page, "environment")) == {"cpu"}
    sync_api.expect(latency).to_have_attribute("data-drawn", "16")  # a heading and a row for each model
    page.locator("[data-filter=environment]").select_option("")
    sync_api.expect(latency).to_have_attribute("data-drawn", "48")


def test_hardware_is_a_filter_too(opened: Opened) -> None:
    page = opened([*page_cells(["cuda10.2"]), on_gpu(timed(PUBLISHED[0], faster=9))])
    page.locator("[data-filter=hardware]").select_option("Tesla T4")
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


def test_what_was_chosen_is_in_the_address_and_there_again_when_it_is_opened(opened: Opened) -> None:
    page = opened(many_cells())
    page.locator("[data-filter=environment]").select_option("cpu")
    page.locator("#head thead button", has_text="AP of boxes").click(click_count=2)
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="hardware").uncheck()
    page.get_by_role("checkbox", name="p99, ms").uncheck()
    page.locator("#model").select_option("SSD300 VGG16")
    assert fragment(page) == "environment=cpu&sort=-ap-of-boxes&hide=hardware,p99-ms&model=SSD300+VGG16"
    models_before, columns_before = models(page), shown_columns(page)
    assert not {"hardware", "p99, ms"} & set(columns_before)

    again = opened(many_cells(), choices=f"#{fragment(page)}")
    assert (models(again), shown_columns(again)) == (models_before, columns_before)
    assert again.locator("#count").inner_text() == "8 of 40 rows"
    assert again.locator("#model option:checked").inner_text() == "SSD300 VGG16"
    assert not again.get_by_role("checkbox", name="hardware", include_hidden=True).is_checked()


def test_a_link_of_the_page_goes_to_its_section_and_keeps_what_was_chosen(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2", "cpu"]), choices="#environment=cpu")
    page.get_by_role("link", name="Stacks and machines").click()
    assert fragment(page) == "stacks&environment=cpu"
    sync_api.expect(page.locator("#stacks h2")).to_be_in_viewport()
    assert set(column(page, "environment")) == {"cpu"}
    page.go_back()
    sync_api.expect(page.locator("#count")).to_have_text("8 of 16 rows")


def test_an_address_of_nothing_that_the_page_has_shows_it_as_it_is(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2", "cpu"]))
    plain = (models(page), shown_columns(page))
    for odd in ("environment=mars&sort=-weight&hide=model,weight&model=x&a=b&b=c", "%E0%A4%A&&==&sort", "nowhere"):
        page.goto(f"{page.url.partition('#')[0]}#environment=cpu&hide=hardware")
        sync_api.expect(page.locator("#count")).to_have_text("8 of 16 rows")
        page.goto(f"{page.url.partition('#')[0]}#{odd}")
        sync_api.expect(page.locator("#count")).to_have_text("16 of 16 rows")
        assert (models(page), shown_columns(page)) == plain
        assert fragment(page) == ""


def test_the_first_column_stays_in_sight_where_a_table_is_moved(opened: Opened) -> None:
    page = opened(many_cells())
    page.locator("#tables summary").first.click()
    for width in (DESKTOP, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        for scroll in ("#figures .scroll", "#tables details[open] .scroll"):
            assert page.locator(scroll).evaluate("region => (region.scrollLeft = 1e6, region.scrollLeft)") > 0
            first = page.locator(f"{scroll} tbody th").first
            assert first.evaluate(
                """cell => {
                  cell.scrollIntoView({ block: "center" });
                  const { left, top, width } = cell.getBoundingClientRect();
                  const hit = document.elementFromPoint(left + width / 2, top + 12);
                  return cell.contains(hit) && left >= 0 && left + width <= innerWidth;
                }"""
            )


def test_the_heat_map_says_each_multiple_and_follows_the_filter(opened: Opened) -> None:
    page = opened(many_cells())
    heat = page.locator("[data-chart=heat-map]")
    heat.scroll_into_view_if_needed()
    sync_api.expect(heat).to_have_attribute("data-drawn", "48")  # a heading and a place an environment for each model
    texts = heat.locator(".role-mark text").all_text_contents()
    assert texts.count("1.00") >= len(PUBLISHED)
    assert sum(bool(re.fullmatch(r"\d\.\d\d", text)) for text in texts) == len(PUBLISHED) * len(STACKS)
    assert set(STACKS) <= set(heat.locator("text").all_text_contents())
    page.locator("[data-filter=environment]").select_option("cpu")
    sync_api.expect(heat).to_have_attribute("data-drawn", "16")


#: An environment that Markdown and HTML would take for something else.
ODD = "a|b<i>_c_"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clip")
    clip, poster = folder / "clip.mp4", folder / "poster.jpg"
    clip.write_bytes(b"")
    Image.new("RGB", (64, 48)).save(poster)
    return [
        Clip("SSD300 VGG16", clip, f"data:image/jpeg;base64,{base64.b64encode(poster.read_bytes()).decode()}", "ssd300")
    ]


def compared_cells() -> list[Cell]:
    """Return cells of three series, two of several processes, and all else that a page has a place for."""
    several = [*repeated(PUBLISHED[4], "cuda10.2"), *repeated(PUBLISHED[4], "cpu")]
    return [*several, timed(PUBLISHED[4], ODD, pinned=False), failed(PUBLISHED[0]), scored(PUBLISHED[4], ap=25.1)]


def test_two_series_that_are_clicked_are_compared_and_what_cannot_be_says_why(
    opened: Opened, clips: list[Clip]
) -> None:
    page = opened(compared_cells(), clips=clips)
    verdicts, series = page.locator("#verdicts"), page.locator("[data-side]")
    assert "choose them above" in verdicts.inner_text()
    series.nth(1).click()
    series.nth(0).focus()
    page.keyboard.press("Enter")
    assert verdicts.locator("h3").inner_text() == "B beside A by wall time, within 3 %: 1 faster"
    assert "SSD300 VGG16" in verdicts.locator("tbody th").all_inner_texts()
    assert unquote_plus(fragment(page)) == "a=cpu · pinned&b=cuda10.2 · pinned"
    assert page.locator("[data-side][aria-pressed=true]").count() == 2

    series.nth(2).click()  # takes the place of the first that was chosen
    assert "one process in" in verdicts.inner_text()
    assert verdicts.locator("table").count() == 0
    page.reload()
    assert "one process in" in verdicts.inner_text()


def test_what_is_shown_is_copied_as_markdown(opened: Opened) -> None:
    page = opened(many_cells(), choices="#environment=cpu&hide=hardware,protocol")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    sync_api.expect(page.locator("#copied")).to_have_text("Copied")
    heading, rule, *lines = page.evaluate("navigator.clipboard.readText()").strip().split("\n")
    assert [text.strip() for text in heading.strip("|").split("|")] == shown_columns(page)
    assert rule.startswith("| :--- | :--- | ---: |")
    assert len(lines) == 8
    assert [line.split(" | ")[1] for line in lines] == ["cpu"] * 8
    assert [line.removeprefix("| ").split(" (")[0].split(" |")[0] for line in lines] == models(page)


def test_where_the_browser_refuses_to_copy_the_text_is_there_to_take(opened: Opened, clips: list[Clip]) -> None:
    page = opened(compared_cells(), clips=clips)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.get_by_role("button", name="Copy as Markdown").click()
    text = page.get_by_label("As Markdown")
    sync_api.expect(text).to_be_focused()
    assert "| a\\|b\\<i>\\_c\\_ |" in text.input_value()
    assert page.evaluate("getSelection().toString()") == text.input_value()


def test_on_paper_everything_is_there_and_nothing_to_press(opened: Opened) -> None:
    page = opened(many_cells(), scheme="dark", width=1000)
    for figure in page.locator("[data-chart]").all():  # nobody has scrolled to them
        sync_api.expect(figure).to_have_attribute("data-drawn", re.compile(r"\d+"))
    paper = page.pdf(path=SCREENSHOTS / "report-paper.pdf", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(":is(button:not(th *), select, input, nav, textarea):visible").count() == 0
    tables = page.locator("table")
    assert all(table.is_visible() for table in tables.all())
    assert (
        tables.evaluate_all("all => all.filter((each) => each.scrollWidth > each.parentElement.clientWidth).length")
        == 0
    )
    assert overflow(page) <= 0
    ink = page.locator("[data-chart=latency] .role-axis-label text").first.evaluate(
        "text => getComputedStyle(text).fill"
    )
    assert ink == "rgb(86, 94, 104)"  # dark on paper, though the page was dark
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#tables details[open]").count() == 0


def test_paper_says_what_a_filter_left_out(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2", "cpu"]), choices="#environment=cpu")
    page.emulate_media(media="print")
    assert [box.input_value() for box in page.locator("select:visible").all()] == ["cpu"]
    sync_api.expect(page.locator("#count:visible")).to_have_text("8 of 16 rows")


def test_the_button_prints_when_every_chart_is_drawn(opened: Opened) -> None:
    page = opened(page_cells(["cuda10.2", "cpu"]))
    undrawn = "document.querySelectorAll('.panel:not([hidden]) [data-chart]:not([data-drawn])').length"
    page.evaluate(f"() => {{ window.print = () => {{ window.left = {undrawn}; }}; }}")
    page.get_by_role("button", name="Print").click()
    page.wait_for_function("window.left === 0")


def test_a_page_without_figures_has_no_table_to_choose_of_and_prints(opened: Opened) -> None:
    page = opened([failed(PUBLISHED[0])], choices="#environment=cpu&sort=model")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#head, .menu, #compare").count() == 0
    assert page.get_by_role("button", name="Print").is_visible()


def test_axe_finds_nothing_serious_dark_or_light_wide_or_narrow(opened: Opened, clips: list[Clip]) -> None:
    page = opened(compared_cells(), width=PHONE, clips=clips)
    page.locator("[data-side]").nth(0).click()
    page.locator("[data-side]").nth(1).click()
    for summary in page.locator("#tables summary").all():
        summary.click()
    draw_all(page)
    sync_api.expect(page.locator("video")).to_have_count(1)
    narrow_light = serious(page)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Dark or light").click()
    narrow_dark = serious(page)
    page.set_viewport_size({"width": DESKTOP, "height": 900})
    wide_dark = serious(page)
    assert (narrow_light, narrow_dark, wide_dark) == ([], [], [])


def serious(page: Page) -> list[str]:
    """Return what axe-core finds that is serious or critical, each with the first element that it is about."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['target']} {each['nodes'][0]['failureSummary']}"
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
