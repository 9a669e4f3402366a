"""From opening the page of a large report to every chart drawn and a sorted table, in headless Chromium."""

import json
import shutil
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import vl_convert

from benchmarks.rows import Broken, Sides, Skipped
from harness.report.page import Report, build
from harness.report.page.sample_charts import sample_charts
from harness.report.page.samples import Packed, samples_by_model
from tests.unit.harness.page_cells import PUBLISHED, threaded, timed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ENVIRONMENTS, THREADS, SAMPLES = 9, (1, 2, 4), 500
TURNS = 10
ALLOWED_MB = 5.0
#: Every chart that has rows is drawn, and there are some.
DRAWN = """() => {
  const figures = [...document.querySelectorAll(".panel:not([hidden]) [data-chart]")];
  return figures.length > 0 && figures.every((figure) => figure.dataset.drawn);
}"""
#: Sorts by the latency the other way and tells whether the slowest is now first.
SORTED = """() => {
  document.querySelector("#head [aria-sort] button").click();
  const keys = [...document.querySelectorAll("#head tbody tr")].map((row) => Number(row.cells[4].dataset.key));
  return keys[0] === Math.max(...keys);
}"""


#: Draws charts by Vega alone, one after the other, each as the page does; without a width they would have none.
BARE = """<!doctype html><meta charset="utf-8"><style>body > div { width: 100%%; }</style><body><script type="module">
%s
for (const { spec, rows, renderer } of %s) {
  const place = document.body.appendChild(document.createElement("div"));
  await vegaEmbed(place, { ...spec, datasets: { rows } }, { actions: false, ast: true, renderer });
}
document.body.dataset.drawn = true;
</script>"""


def measure() -> Sides:
    """Return the seconds that the page takes, beside those of a bare page of the same charts, turn by turn.

    Raises Broken where it is too large.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or find_spec("playwright") is None:
        raise Skipped("Chromium or playwright is not installed")
    from playwright.sync_api import sync_playwright

    report = _report()
    html = build(report)
    size_mb = len(html.encode()) / 1e6
    if size_mb >= ALLOWED_MB:
        raise Broken(f"the page has {size_mb:.1f} MB, of {ALLOWED_MB:.0f} MB allowed")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        file, bare = Path(folder) / "report.html", Path(folder) / "bare.html"
        file.write_text(html, encoding="utf-8")
        bare.write_text(_bare(report), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        turns = [(_interactive_s(browser, file), _drawn_s(browser, bare)) for _ in range(TURNS)]
        browser.close()
    size = f"{size_mb:.1f} MB of {ALLOWED_MB:.0f} MB"
    note = f"{len(report.charts) + 3} charts, {len(report.cells)} cells of {SAMPLES} samples, {size}"
    return Sides([ours for ours, _ in turns], [reference for _, reference in turns], note)


def _report() -> Report:
    stacks = [f"stack-{number}" for number in range(ENVIRONMENTS)]
    cells = [
        threaded(timed(builder, stack, samples_each=SAMPLES), threads)
        for stack in stacks
        for threads in THREADS
        for builder in PUBLISHED
    ]
    return Report(cells, [], published=True, commands=["harness run"], title="Report", made_at="now")


def _bare(report: Report) -> str:
    """Return a page that draws the charts of a report, of the same rows, and does nothing else."""
    first = samples_by_model(report.timings)[0]
    rows = [row for number, cell in enumerate(first["cells"]) for row in _rows(number, cell)]
    labels = list(dict.fromkeys(timing.label for timing in report.timings))
    of_figures = [{"spec": chart.spec, "rows": chart.rows, "renderer": "svg"} for chart in report.charts]
    of_samples = [{"spec": chart.spec, "rows": rows, "renderer": "canvas"} for chart in sample_charts(labels)]
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return BARE % (bundle, json.dumps([*of_figures, *of_samples]).replace("<", "\\u003c"))


def _rows(number: int, cell: Packed) -> Iterator[dict[str, object]]:
    """Yield the rows of a cell as the page's own script makes them: a heading, then a row a sample."""
    yield {"row": f"{number}-0", "heading": cell["label"], "title": cell["label"]}
    columns = zip(cell["ms"], cell["start"], cell["detections"], cell["warmup"], strict=True)
    for ms, start, detections, warmup in columns:
        phase = "warm-up" if warmup else "measured"
        sample = {"ms": ms, "s": start / 1000, "detections": detections, "phase": phase}
        yield {"row": f"{number}-1", "heading": None, "label": cell["label"], "title": cell["label"], **sample}


def _drawn_s(browser: "Browser", file: Path) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_function("() => document.body.dataset.drawn")
    seconds = time.perf_counter() - start
    page.close()
    return seconds


def _interactive_s(browser: "Browser", file: Path) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_function(DRAWN)
    if not page.evaluate(SORTED):
        raise Broken("the table does not sort")
    seconds = time.perf_counter() - start
    page.close()
    return seconds
