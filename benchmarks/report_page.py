"""From opening the page of a large report to charts drawn and a sorted table, in headless Chromium."""

import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.rows import Broken, Sides, Skipped
from harness.report.page import Report, build
from tests.unit.harness.page_cells import PUBLISHED, timed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CELLS, SAMPLES = 100, 1000
TURNS = 6
ALLOWED_S, ALLOWED_MB = 2.0, 5.0
#: Every chart that overlaps the window has its rows drawn, and there is one: the page is scrolled to its charts.
DRAWN = """() => {
  const inView = [...document.querySelectorAll("[data-chart]")].filter((figure) => {
    const { top, bottom } = figure.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  });
  return inView.length > 0 && inView.every((figure) => figure.dataset.drawn);
}"""
#: Sorts by the latency the other way and tells whether the slowest is now first.
SORTED = """() => {
  document.querySelector("#head [aria-sort] button").click();
  const keys = [...document.querySelectorAll("#head tbody tr")].map((row) => Number(row.cells[4].dataset.key));
  return keys[0] === Math.max(...keys);
}"""


def measure() -> Sides:
    """Return the seconds that the page takes, beside those allowed. Raises Broken where it is too large."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        raise Skipped("Chromium or playwright is not installed")
    from playwright.sync_api import sync_playwright

    html = _page()
    size_mb = len(html.encode()) / 1e6
    if size_mb >= ALLOWED_MB:
        raise Broken(f"the page has {size_mb:.1f} MB, of {ALLOWED_MB:.0f} MB allowed")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seconds = [_interactive_s(browser, file) for _ in range(TURNS)]
        browser.close()
    note = f"{CELLS} cells of {SAMPLES} samples, {size_mb:.1f} MB of {ALLOWED_MB:.0f} MB; the reference is the limit"
    return Sides(seconds, [ALLOWED_S] * TURNS, note)


def _page() -> str:
    stacks = [f"stack-{number:02d}" for number in range(-(-CELLS // len(PUBLISHED)))]
    cells = [timed(builder, stack, samples_each=SAMPLES) for stack in stacks for builder in PUBLISHED][:CELLS]
    return build(Report(cells, [], published=True, commands=["harness run"], title="Report", made_at="now"))


def _interactive_s(browser: "Browser", file: Path) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(f"{file.as_uri()}#samples")
    page.wait_for_function(DRAWN)
    if not page.evaluate(SORTED):
        raise Broken("the table does not sort")
    seconds = time.perf_counter() - start
    page.close()
    return seconds
