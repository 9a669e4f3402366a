"use strict";
// Sorts and filters the table of figures and draws the charts that come into view.
// Text of results enters the page as textContent alone, never as markup.

(() => {
  const root = document.documentElement;
  const source = document.getElementById("data");
  const data = source ? JSON.parse(source.textContent) : { series: [], charts: {}, samples: [] };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- the series that the filters leave

  const filters = all("[data-filter]");
  let shown = new Set(data.series.map((series) => series.label));

  function filter() {
    const wanted = filters.filter((select) => select.value);
    const left = data.series.filter((series) => wanted.every((select) => series[select.dataset.filter] === select.value));
    shown = new Set(left.map((series) => series.label));
    for (const element of all("[data-series]")) element.hidden = !shown.has(element.dataset.series);
    const lines = all("#head tbody tr");
    const visible = lines.filter((line) => !line.hidden);
    document.getElementById("count").textContent = `${visible.length} of ${lines.length} rows`;
    redraw();
  }

  // ---- sorting

  function sort(heading) {
    const headings = [...heading.parentElement.children];
    const column = headings.indexOf(heading);
    const descending = heading.getAttribute("aria-sort") === "ascending";
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = document.querySelector("#head tbody");
    const numbers = heading.classList.contains("number");
    const keyed = [...body.rows].map((line) => [line.cells[column].dataset.key, line]);
    const compare = numbers ? (a, b) => a - b : (a, b) => a.localeCompare(b, "en", { numeric: true });
    // What has no figure comes last either way.
    keyed.sort(([a], [b]) => (a === "") - (b === "") || (descending ? compare(b, a) : compare(a, b)));
    body.append(...keyed.map(([, line]) => line));
  }

  // ---- the rows of a chart

  function rowsOf(chart) {
    if (chart.always) return chart.rows;
    const rows = chart.rows.filter((row) => row.label === null || shown.has(row.label));
    const groups = new Set(rows.filter((row) => row.label !== null).map((row) => row.group));
    return rows.filter((row) => groups.has(row.group));
  }

  const isShown = (series) => shown.has(data.series[series].label);
  const samplesOf = (model) =>
    model.cells.flatMap((cell, place) => (isShown(cell.series) ? rowsOfCell(cell, place) : []));

  function rowsOfCell(cell, place) {
    const row = String(place).padStart(4, "0");
    const samples = cell.ms.map((ms, i) => ({
      row: `${row}-1`,
      heading: null,
      label: data.series[cell.series].label,
      title: cell.label,
      phase: cell.warmup[i] ? "warm-up" : "measured",
      ms,
      s: cell.start[i] / 1000,
      detections: cell.detections[i],
    }));
    return [{ row: `${row}-0`, heading: cell.label, title: cell.label }, ...samples];
  }

  // ---- drawing

  const model = document.getElementById("model");
  const figures = all("[data-chart]");
  const visible = new Set();
  const current = new Map(); // what each figure shows, so that nothing is drawn twice
  let state = 0;

  function chosen() {
    return data.samples[Number(model.value)];
  }

  function config() {
    const style = getComputedStyle(root);
    const [ink, quiet, line] = ["--ink", "--quiet", "--line"].map((name) => style.getPropertyValue(name));
    const font = getComputedStyle(document.body).fontFamily;
    const axis = { labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line };
    return {
      background: "transparent",
      font,
      axis: { ...axis, titleFontWeight: "normal", titlePadding: 8, labelFontSize: 11, titleFontSize: 12 },
      view: { stroke: null },
      text: { color: ink },
      rule: { color: quiet },
      tick: { color: ink },
    };
  }

  async function draw(figure) {
    if (current.get(figure)?.state === state) return;
    current.get(figure)?.view?.finalize();
    const drawn = { state, view: null };
    current.set(figure, drawn);
    const chart = data.charts[figure.dataset.chart];
    const ofSamples = chart.rows.length === 0;
    const rows = ofSamples ? samplesOf(chosen()) : rowsOf(chart);
    const { step } = chart.spec.height; // Vega-Lite knows a height by rows too, but warns of it beside a width that fits
    const height = step ? step * new Set(rows.map((row) => row.row)).size : chart.spec.height;
    const place = figure.querySelector(".drawing");
    const options = {
      actions: false,
      ast: true, // expressions are interpreted, since the policy forbids to compile them
      renderer: ofSamples ? "canvas" : "svg",
      tooltip,
      config: config(),
    };
    const { view } = await vegaEmbed(place, { ...chart.spec, height, datasets: { rows } }, options);
    place.setAttribute("role", "img"); // vega-embed takes the place for its own
    drawn.view = view;
    figure.dataset.drawn = String(rows.length);
  }

  const hasRows = (chart) =>
    chart.rows.length ? rowsOf(chart).length > 0 : chosen().cells.some((cell) => isShown(cell.series));

  let drawing = Promise.resolve();

  // One chart after another, so that the first is there before the last is begun.
  function drawVisible() {
    for (const figure of figures) {
      drawing = drawing.then(() => (visible.has(figure) && !figure.closest(".panel").hidden ? draw(figure) : null));
    }
  }

  function redraw() {
    state += 1;
    for (const figure of figures) figure.closest(".panel").hidden = !hasRows(data.charts[figure.dataset.chart]);
    for (const heading of all("[data-title]")) heading.textContent = heading.title = chosen().titles[heading.dataset.title];
    drawVisible();
  }

  const tip = document.getElementById("tip");

  const sampleTexts = (row) => [
    ["series", row.title],
    ["phase", row.phase],
    ["latency", `${row.ms} ms`],
    ["from the start", `${row.s} s`],
    ["detections", row.detections],
  ];

  function tooltip(handler, event, item, value) {
    tip.hidden = !value;
    if (!value) return;
    const texts = value.phase ? sampleTexts(value) : Object.entries(value);
    const lines = texts.map(([name, text]) => {
      const line = document.createElement("div");
      for (const part of [name, text]) line.appendChild(document.createElement("span")).textContent = part;
      return line;
    });
    tip.replaceChildren(...lines);
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  }

  // ---- dark and light

  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
    root.dataset.theme = dark ? "light" : "dark";
    if (source) redraw();
  });

  if (!source) return;
  prefersDark.addEventListener("change", redraw);
  for (const select of filters) select.addEventListener("change", filter);
  for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of all("#head thead button")) button.addEventListener("click", () => sort(button.parentElement));
  model.addEventListener("change", redraw);
  redraw();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) visible.add(target);
        else visible.delete(target);
      }
      drawVisible();
    },
    { rootMargin: "200px" },
  );
  for (const figure of figures) observer.observe(figure);
  root.dataset.ready = "yes";
})();
