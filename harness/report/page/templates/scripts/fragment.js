// The choices of the page in its address, behind the #, so that a link has them:
// #figures&environment=cpu&sort=-latency-ms&hide=hardware,protocol. A part without = is the section to look at.
// What the page does not know is passed over.

const links = all('a[href^="#"]').map((link) => [link, link.hash.slice(1)]);
const isSection = (name) => links.some(([, section]) => section === name);
let place = "";

function choices() {
  const told = filters.filter((select) => select.value).map((select) => [select.dataset.filter, select.value]);
  const heading = sorted();
  if (heading !== usual || isDescending(heading))
    told.push(["sort", (isDescending(heading) ? "-" : "") + heading.dataset.column]);
  if (hidden) told.push(["hide", [...hidden].join(",")]);
  if (model.selectedIndex > 0) told.push(["model", model.selectedOptions[0].text]);
  for (const [n, number] of pair.entries()) told.push(["ab"[n], data.series[number].label]);
  return told.map(([name, value]) => `${name}=${readable(value)}`);
}

const readable = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%20", "+");

/** Write the choices into the address, and into the links of the page, which would lose them otherwise. */
function remember() {
  const told = choices();
  const address = [place, ...told].filter(Boolean).join("&");
  try {
    history.replaceState(null, "", address ? `#${address}` : location.href.split("#")[0]);
  } catch {
    // A page within another one may have no address of its own: the choices hold all the same.
  }
  for (const [link, section] of links) link.href = `#${[section, ...told].join("&")}`;
}

/** Take the choices from the address: what it does not say is as the page began. */
function restore() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  place = [...wanted.keys()].find((name) => wanted.get(name) === "" && isSection(name)) ?? "";
  for (const select of filters) choose(select, wanted.get(select.dataset.filter));
  const [, minus, column] = /^(-?)(.*)$/s.exec(wanted.get("sort") ?? "");
  sort(headingOf(column) ?? usual, Boolean(headingOf(column) && minus));
  hidden = hiddenBy(wanted.get("hide"));
  showColumns();
  const named = [...model.options].find((option) => option.text === wanted.get("model"));
  choose(model, named?.value);
  const sides = [wanted.get("a"), wanted.get("b")].map((label) => data.series.findIndex((each) => each.label === label));
  pair = [...new Set(sides)].filter((number) => number >= 0);
  filter();
}

/** Return the columns that a text names, null where it names none that can be hidden, or there is no text. */
function hiddenBy(text) {
  if (text === null) return null;
  const known = text.split(",").filter((name) => boxes.some((box) => box.dataset.show === name));
  return known.length || text === "" ? new Set(known) : null;
}

/** Look at the section that the address names beside choices; a name alone the browser finds by itself. */
function lookAtPlace() {
  const section = byId(place);
  if (!section || location.hash === `#${place}`) return;
  section.tabIndex = -1;
  section.focus({ preventScroll: true });
  section.scrollIntoView();
}
