// What is pointed at in a chart, in words beside the pointer.

const tip = byId("tip");

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
