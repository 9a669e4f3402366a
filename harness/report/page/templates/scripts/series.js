// What the page holds, and the series of it that the filters leave, by their labels.

const root = document.documentElement;
const source = document.getElementById("data");
const data = source ? JSON.parse(source.textContent) : { series: [], charts: {}, samples: [], pairs: [] };
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

const filters = all("[data-filter]");
let shown = new Set(data.series.map((series) => series.label));

function filter() {
  const wanted = filters.filter((select) => select.value);
  const left = data.series.filter((series) => wanted.every((select) => series[select.dataset.filter] === select.value));
  shown = new Set(left.map((series) => series.label));
  for (const element of all("[data-series]")) element.hidden = !shown.has(element.dataset.series);
  const lines = all("#head tbody tr");
  const visible = lines.filter((line) => !line.hidden);
  byId("count").textContent = `${visible.length} of ${lines.length} rows`;
}

/** Take the option of that value, or the first one, which leaves all, where there is no such option. */
function choose(select, value) {
  const option = [...select.options].find((each) => each.value === value);
  select.value = (option ?? select.options[0]).value;
}
