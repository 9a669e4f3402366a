// Draws the charts that come into view at once, and the others when there is time, so that a print has them all.

const figures = all("[data-chart]");
const chartOf = (figure) => data.charts[figure.dataset.chart];
const isHidden = (figure) => figure.closest(".panel").hidden;
const inView = new Set();
const current = new Map(); // what each figure shows, so that nothing is drawn twice
let state = 0;
let drawing = Promise.resolve();

// ---- one chart

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

// SVG follows the page's colours by itself; a canvas has those of when it was drawn.
const versionOf = (figure) => (isOfSamples(chartOf(figure)) ? `${state} ${isDark()}` : `${state}`);
const isOutdated = (figure) => current.get(figure)?.version !== versionOf(figure);

function config(ofSamples) {
  const style = getComputedStyle(root);
  const colour = (name) => (ofSamples ? style.getPropertyValue(name) : `var(${name})`);
  const [ink, quiet, line] = ["--ink", "--quiet", "--line"].map(colour);
  const axis = { labelColor: quiet, titleColor: quiet, gridColor: line, domainColor: line, tickColor: line };
  return {
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    axis: { ...axis, titleFontWeight: "normal", titlePadding: 8, labelFontSize: 11, titleFontSize: 12 },
    view: { stroke: null },
    text: { color: ink },
    rule: { color: quiet },
    tick: { color: ink },
  };
}

async function draw(figure) {
  if (!isOutdated(figure)) return;
  current.get(figure)?.view?.finalize();
  const drawn = { version: versionOf(figure), view: null };
  current.set(figure, drawn);
  const chart = chartOf(figure);
  const ofSamples = isOfSamples(chart);
  const rows = ofSamples ? samplesOf(chosen()) : rowsOf(chart);
  const { step } = chart.spec.height; // Vega-Lite knows a height by rows too, but warns of it beside a width that fits
  const height = step ? step * new Set(rows.map((row) => row.row)).size : chart.spec.height;
  const place = figure.querySelector(".drawing");
  const options = {
    actions: false,
    ast: true, // expressions are interpreted, since the policy forbids to compile them
    renderer: ofSamples ? "canvas" : "svg",
    tooltip,
    config: config(ofSamples),
  };
  const { view } = await vegaEmbed(place, { ...chart.spec, height, datasets: { rows } }, options);
  place.setAttribute("role", "img"); // vega-embed takes the place for its own
  for (const part of place.children) part.setAttribute("aria-hidden", "true"); // the place as a whole says what it is
  place.classList.toggle("on-dark", ofSamples && isDark());
  drawn.view = view;
  figure.dataset.drawn = String(rows.length);
}

// ---- which, and when

const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));

/** One chart that can't be drawn keeps no other from it. */
const failed = (figure) => (error) => {
  figure.querySelector(".drawing").textContent = `This chart can't be drawn here: ${error.message}`;
  console.error(error);
};

/** Draw one chart after another, so that the first is there before the last is begun. */
function drawEach(wanted) {
  for (const figure of figures) {
    drawing = drawing.then(() => (wanted(figure) && !isHidden(figure) ? draw(figure) : null)).catch(failed(figure));
  }
  return drawing;
}

const drawAll = () => drawEach(() => true);
const drawVisible = () => drawEach((figure) => inView.has(figure)).then(() => idle(drawRest));

function drawRest() {
  const next = figures.find((figure) => !isHidden(figure) && isOutdated(figure));
  if (next) drawEach((figure) => figure === next).then(() => idle(drawRest));
}

function redraw() {
  state += 1;
  for (const figure of figures) figure.closest(".panel").hidden = !hasRows(chartOf(figure));
  for (const heading of all("[data-title]")) heading.textContent = heading.title = chosen().titles[heading.dataset.title];
  drawVisible();
}

function observe() {
  const seen = (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    drawVisible();
  };
  const observer = new IntersectionObserver(seen, { rootMargin: "200px" });
  for (const figure of figures) observer.observe(figure);
}
