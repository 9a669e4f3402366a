// The rows of a chart: of a chart of figures those of the series shown, of samples those of the chosen model.

const model = byId("model");
const chosen = () => data.samples[Number(model.value)];
const isShown = (series) => shown.has(data.series[series].label);
const isOfSamples = (chart) => chart.rows.length === 0;

function rowsOf(chart) {
  if (chart.always) return chart.rows;
  const rows = chart.rows.filter((row) => row.label === null || shown.has(row.label));
  const groups = new Set(rows.filter((row) => row.label !== null).map((row) => row.group));
  return rows.filter((row) => groups.has(row.group));
}

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

const hasRows = (chart) =>
  isOfSamples(chart) ? chosen().cells.some((cell) => isShown(cell.series)) : rowsOf(chart).length > 0;
