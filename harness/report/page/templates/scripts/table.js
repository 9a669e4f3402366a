// The table of figures: by which column it is sorted, and which columns are shown.

const table = byId("head");
const headings = all("#head thead th");
const headingOf = (column) => headings.find((heading) => heading.dataset.column === column);

// ---- sorting

const sorted = () => headings.find((heading) => heading.hasAttribute("aria-sort"));
const isDescending = (heading) => heading.getAttribute("aria-sort") === "descending";
const usual = source && sorted();
const unsorted = source ? [...table.tBodies[0].rows] : []; // so that ties do not depend on what was sorted before

function sort(heading, descending) {
  for (const other of headings) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const column = headings.indexOf(heading);
  const keyed = unsorted.map((line) => [line.cells[column].dataset.key, line]);
  const numbers = heading.classList.contains("number");
  const compare = numbers ? (a, b) => a - b : (a, b) => a.localeCompare(b, "en", { numeric: true });
  // What has no figure comes last either way.
  keyed.sort(([a], [b]) => (a === "") - (b === "") || (descending ? compare(b, a) : compare(a, b)));
  table.tBodies[0].append(...keyed.map(([, line]) => line));
}

// ---- columns

const boxes = all("[data-show]"); // one for each column that can be hidden: all but the first
const narrow = matchMedia("(max-width: 40rem)");
let hidden = null; // a person's choice, null until there is one

// On a phone the latency has to be in sight; the filters and the charts say what measured it.
const hiddenColumns = () => hidden ?? new Set(narrow.matches ? ["hardware", "protocol"] : []);

function showColumns() {
  const gone = hiddenColumns();
  for (const box of boxes) box.checked = !gone.has(box.dataset.show);
  for (const [number, heading] of headings.entries()) {
    const hide = gone.has(heading.dataset.column);
    if (heading.hidden !== hide) for (const row of table.rows) row.cells[number].hidden = hide;
  }
}

function chooseColumns() {
  hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.dataset.show));
  showColumns();
}
