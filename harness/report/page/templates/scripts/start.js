// What a person does, and what follows.

function switchGround() {
  root.dataset.theme = isDark() ? "light" : "dark";
  if (source) drawVisible();
}

/** After a choice: what is shown, and the address that says so. */
function changed() {
  showPair();
  redraw();
  remember();
}

/** Have a change of an element followed by what it changes, and by all that follows from any. */
function on(elements, event, change) {
  for (const each of elements) {
    each.addEventListener(event, () => {
      change(each);
      changed();
    });
  }
}

function sortBy(button) {
  const heading = button.parentElement;
  sort(heading, heading.getAttribute("aria-sort") === "ascending");
}

function start() {
  on(filters, "change", filter);
  on([model], "change", () => {});
  on(sides, "click", (side) => take(Number(side.dataset.side)));
  for (const button of all("#head thead button")) {
    button.addEventListener("click", () => {
      sortBy(button);
      remember();
    });
  }
  for (const box of boxes) {
    box.addEventListener("change", () => {
      chooseColumns();
      remember();
    });
  }
  const menu = document.querySelector(".menu");
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus(); // or the keyboard would be nowhere
  });
  byId("copy").addEventListener("click", copy);
  for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
  narrow.addEventListener("change", showColumns);
  prefersDark.addEventListener("change", () => isPrinting() || drawVisible());
  addEventListener("hashchange", followAddress);
  for (const [link] of links) link.addEventListener("click", () => follow(link));
  followAddress();
  observe();
  root.dataset.ready = "yes";
}

/** Go where the address leads; nothing is drawn anew where only its section is another. */
function followAddress() {
  const before = choices().join();
  restore();
  if (choices().join() === before && state) remember();
  else changed();
  lookAtPlace();
}

/** A link to where the address is already changes nothing that the browser would tell of. */
function follow(link) {
  if (link.hash === location.hash) lookAtPlace();
}

byId("theme").addEventListener("click", switchGround);
byId("print").addEventListener("click", printPage);
addEventListener("beforeprint", unfold);
addEventListener("afterprint", fold);
if (source) start();
