// Elements and words. Text from the server or from files only ever becomes text nodes, so nothing in it is markup.

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  fill(element, ...children);
  return element;
}

function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const MINUS = "\u2212";

function decimals(size) {
  if (!(size > 0)) return 0;
  return Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(size))));
}

function number(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const places = digits === undefined ? decimals(Math.abs(value)) : digits;
  const text = Math.abs(value).toLocaleString("en-US", { maximumFractionDigits: places, minimumFractionDigits: digits === undefined ? 0 : digits });
  return (value < 0 && Number(text.replace(/,/g, "")) !== 0 ? MINUS : "") + text;
}

function money(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "$0";
  const size = Math.abs(value);
  const [unit, letter] = size >= 1e9 ? [1e9, "bn"] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  const shown = size / unit;
  const places = shown >= 100 ? 0 : shown >= 10 ? 1 : 2;
  return (value < 0 ? MINUS : "") + "$" + shown.toLocaleString("en-US", { maximumFractionDigits: places, minimumFractionDigits: letter ? 0 : places === 2 ? 2 : 0 }) + letter;
}

function share(value, digits = 1) {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : number(100 * value, digits) + "\u202f%";
}

function written(value, form) {
  return form === "money" ? money(value) : form === "share" ? share(value) : number(value);
}

function signed(value, form) {
  return (value > 0 ? "+" : "") + written(value, form);
}

function ofUnit(value, unit) {
  if (unit && unit.startsWith("$")) return money(value);
  if (unit && unit.startsWith("share")) return share(value);
  return number(value);
}

function monthWords(month, tools = true) {
  if (month === -1) return tools ? "the month before automation arrives" : "the month before month 0";
  const years = Math.abs(month < 0 ? month : month + 1) / 12;
  const span = years < 1 ? `${Math.round(years * 12)} month${Math.round(years * 12) === 1 ? "" : "s"}` : `${number(years, years % 1 ? 1 : 0)} year${years === 1 ? "" : "s"}`;
  return `${span} ${month < 0 ? "before" : "after"} ${tools ? "automation " + (month < 0 ? "arrives" : "arrived") : "month 0"}`;
}

function numbers(view, kind = Float64Array) {
  return new kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function save(name, kind, view) {
  const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const place = URL.createObjectURL(new Blob([bytes], { type: kind }));
  const link = h("a", { href: place, download: name.replace(/[^A-Za-z0-9._-]/g, "-") });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(place), 10_000);
}

let serial = 0;
const freshId = (stem) => `hs-${stem}-${++serial}`;
