// On paper everything is to be seen: tables are unfolded, and every chart is drawn. The page's own button waits for that.

const isPrinting = () => matchMedia("print").matches;
let unfolded = [];

function unfold() {
  unfolded = all("main details:not(.menu):not([open])");
  for (const each of unfolded) each.open = true;
  if (source) drawAll();
}

function fold() {
  for (const each of unfolded) each.open = false;
  unfolded = [];
}

async function printPage() {
  if (source) await drawAll();
  print();
}
