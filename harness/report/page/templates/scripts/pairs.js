// Two series beside each other, as the page was given what `harness compare` says of them: here nothing is computed.

const sides = all("[data-side]");
const verdicts = byId("verdicts");
let pair = []; // the numbers of at most two series

/** Take a series into the pair, or out of it; a third one takes the place of the first. */
function take(number) {
  pair = pair.includes(number) ? pair.filter((each) => each !== number) : [...pair, number].slice(-2);
}

function showPair() {
  pair = pair.filter(isShown);
  for (const side of sides) side.setAttribute("aria-pressed", String(pair.includes(Number(side.dataset.side))));
  if (!verdicts) return;
  const [a, b] = [...pair].sort((one, other) => one - other);
  const found = data.pairs.find((each) => each.a === a && each.b === b);
  if (found) verdicts.replaceChildren(...(found.reason ? [element("p", found.reason)] : told(found)));
  else verdicts.replaceChildren(element("p", pair.length < 2 ? verdicts.dataset.fewer : verdicts.dataset.beyond));
}

const told = (found) => [element("h3", found.headline), ...found.tables.flatMap(tableOf)];

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content); // a text stays a text
  return made;
}

function tableOf({ title, headings, figures, rows, notes }) {
  const row = (texts, kind) => element("tr", ...texts.map((text, n) => cell(n ? kind : "th", text, figures[n])));
  const body = rows.map((texts) => row(texts, "td"));
  const whole = element("table", element("thead", row(headings, "th")), element("tbody", ...body));
  const scroll = element("div", whole);
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.role = "region";
  scroll.ariaLabel = title;
  const list = element("ul", ...notes.map((note) => element("li", note)));
  list.className = "notes";
  return [element("p", title), scroll, ...(notes.length ? [list] : [])];
}

function cell(name, text, isFigure) {
  const made = element(name, text);
  if (isFigure) made.className = "number";
  return made;
}
