// Every drawing is a figure: title, key, the drawing or its data as a table, and the exported figure as PNG and SVG.

function tableOf(head, rows, caption, kind = "") {
  return h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": caption || "Data" },
    h("table", { class: kind }, caption ? h("caption", {}, caption) : null,
      h("thead", {}, h("tr", {}, head.map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, k) => h(k ? "td" : "th", k ? {} : { scope: "row" }, cell ?? "–")))))));
}

function figureOf(app, sheet, { title, figure, key, tools = [] }) {
  const body = h("div", { class: "figure-body" }, sheet.box);
  const toggle = h("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Table");
  toggle.setAttribute("aria-label", `${title}: show the data as a table`);
  const show = () => {
    const pressed = toggle.getAttribute("aria-pressed") === "true";
    fill(body, pressed ? sheet.table() || h("p", { class: "faint" }, "Nothing is recorded yet.") : sheet.box);
    if (!pressed) sheet.fit();
  };
  toggle.addEventListener("click", () => {
    toggle.setAttribute("aria-pressed", toggle.getAttribute("aria-pressed") === "true" ? "false" : "true");
    show();
  });
  const files = figure ? ["png", "svg"].map((form) => h("button", { type: "button", class: "quiet", "aria-label": `${title}: save the figure as ${form.toUpperCase()}`, onclick: () => app.send({ do: "download", what: figure, form }) }, form.toUpperCase())) : [];
  const heading = h("h3", {}, title);
  const element = h("figure", { class: "figure" }, h("figcaption", {}, heading, h("span", { class: "figure-tools" }, tools, toggle, files)), key, body);
  element.refresh = () => { if (toggle.getAttribute("aria-pressed") === "true") show(); };
  element.title_ = (words) => setText(heading, words);
  return element;
}
