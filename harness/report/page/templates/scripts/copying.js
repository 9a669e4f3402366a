// "Copy as Markdown": the figures as they are shown, without the rows and columns that are not.

const area = byId("copied-text");

const escaped = (text) =>
  text.trim().replace(/\s+/g, " ").replace(/[\\`*[\]|~$<&]|(?<![^\W_])_|_(?![^\W_])/g, "\\$&");
const shownCells = (row) => [...row.cells].filter((cell) => !cell.hidden);

/** Return a cell's text, with what stands below it and its marks in brackets. */
function textOf(cell) {
  const below = all("small", cell).map((each) => each.textContent);
  const marks = all(".mark", cell).map((mark) => mark.firstChild.data);
  const more = [...below, ...marks].map(escaped).filter(Boolean);
  const text = escaped(cell.querySelector(".cut, .name, button").textContent);
  return more.length ? `${text} (${more.join(", ")})` : text;
}

function markdown() {
  const [head, ...lines] = [...table.rows].filter((row) => !row.hidden).map(shownCells);
  const line = (texts) => `| ${texts.join(" | ")} |`;
  const rule = head.map((heading) => (heading.classList.contains("number") ? "---:" : ":---"));
  return `${[line(head.map(textOf)), line(rule), ...lines.map((cells) => line(cells.map(textOf)))].join("\n")}\n`;
}

/** Copy, or where the browser does not let the page, show what to copy, selected. */
async function copy() {
  const text = markdown();
  const told = byId("copied");
  try {
    await navigator.clipboard.writeText(text);
    area.parentElement.hidden = true;
    told.textContent = "Copied";
  } catch {
    area.value = text;
    area.parentElement.hidden = false;
    area.select();
    told.textContent = "The browser does not let the page copy: copy the text below";
  }
}
