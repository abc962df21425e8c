// Beside the course over time: survival by tool, who gains, the balanced scorecard, A against B with its causes.

class SurvivalSheet extends Sheet {
  constructor(app, side) {
    super("Survival curves");
    Object.assign(this, { app, side, curves: [] });
    this.canvas.dataset.view = `survival-${side}`;
  }
  update(curves) {
    this.curves = curves;
    this.say("Share of businesses still open by age and tool. " + curves.map((c) => `${c.label}: ${share(this.at(c, 60), 0)} after 5 years`).join("; "));
    this.draw();
  }
  at(curve, age) {
    if (age < curve.age[0] || age > curve.age[curve.age.length - 1]) return null;
    let value = curve.survival[0];
    curve.age.forEach((a, k) => { if (a <= age) value = curve.survival[k]; });
    return value;
  }
  paint(context, width, height) {
    const style = look(), most = Math.max(60, ...this.curves.map((c) => c.age[c.age.length - 1]));
    const x = (age) => 46 + ((width - 60) * age) / most, y = (s) => 10 + (height - 44) * (1 - s);
    context.font = "11px system-ui, sans-serif"; context.fillStyle = style.muted; context.strokeStyle = style.rule;
    for (const s of [0, 0.25, 0.5, 0.75, 1]) {
      context.textAlign = "right"; context.textBaseline = "middle"; context.fillText(`${100 * s} %`, 41, y(s));
      context.beginPath(); context.moveTo(46, y(s)); context.lineTo(width - 14, y(s)); context.stroke();
    }
    context.textAlign = "center"; context.textBaseline = "alphabetic";
    for (const t of niceTicks(0, most / 12, Math.max(4, width / 80))) context.fillText(number(t, 0), x(12 * t), height - 20);
    context.fillText("age of the business, years", 46 + (width - 60) / 2, height - 4);
    if (!this.curves.length) context.fillText("too few businesses to estimate anything yet", width / 2, height / 2);
    for (const curve of this.curves) this.curve(context, style, curve, x, y);
  }
  steps(context, ages, values, x, y, first = true) {
    ages.forEach((age, k) => {
      if (k) context.lineTo(x(age), y(values[k - 1] ?? 0));
      else context[first ? "moveTo" : "lineTo"](x(age), y(values[0] ?? 0));
      context.lineTo(x(age), y(values[k] ?? 0));
    });
  }
  curve(context, style, curve, x, y) {
    const colour = tint(curve.colour), tool = TOOLS.indexOf(curve.name);
    context.beginPath();
    this.steps(context, curve.age, curve.lower, x, y);
    for (let k = curve.age.length - 1; k >= 0; k--) {
      context.lineTo(x(curve.age[k]), y(curve.upper[k] ?? 0));
      if (k) context.lineTo(x(curve.age[k]), y(curve.upper[k - 1] ?? 0));
    }
    context.closePath(); context.globalAlpha = 0.14; context.fillStyle = colour; context.fill(); context.globalAlpha = 1;
    context.beginPath(); this.steps(context, curve.age, curve.survival, x, y);
    context.setLineDash(curve.dash); context.strokeStyle = colour; context.lineWidth = 2; context.stroke(); context.setLineDash([]);
    if (tool < 0) return;
    for (let age = Math.ceil(curve.age[0] / 12 + 0.01) * 12; age <= curve.age[curve.age.length - 1]; age += 12) drawFirm(context, style, tool, x(age), y(this.at(curve, age)), 4);
  }
  table() {
    const ages = [12, 24, 36, 60, 84, 120, 180];
    return tableOf(["years", ...this.curves.map((c) => c.label)], ages.map((age) => [`${age / 12}`, ...this.curves.map((c) => share(this.at(c, age)))]));
  }
}

function bars(rows, words) {
  // A table in which every row has a bar: to the left of the middle what is lost, to the right what is gained.
  const most = Math.max(1e-12, ...rows.map((row) => Math.abs(row.value ?? 0)));
  return h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": words.caption }, h("table", { class: "bars" }, h("caption", {}, words.caption),
    h("thead", {}, h("tr", {}, words.head.map((w) => h("th", { scope: "col" }, w)), h("th", { scope: "col", class: "bar-cell" }, "lost | gained"))),
    h("tbody", {}, rows.map((row) => h("tr", { class: row.total ? "total" : "" }, h("th", { scope: "row" }, row.label), row.cells.map((cell) => h("td", {}, cell)), h("td", { class: "bar-cell" }, bar(row.value, most)))))));
}

function bar(value, most) {
  const part = Math.abs(value ?? 0) / most;
  const inner = h("span", { class: value < 0 ? "bar lost" : "bar gained" });
  inner.style.width = `${50 * part}%`;
  inner.style[value < 0 ? "right" : "left"] = "50%";
  return h("span", { class: "bar-track", "aria-hidden": "true" }, inner);
}

const COSTS = ["setup_cost", "public_money"]; // resources used: more of them is a loss

class Told {
  constructor(app) {
    this.app = app;
    const name = (id, words) => ({ id, words, panel: h("div", { role: "tabpanel", id: `hs-panel-${id}`, "aria-labelledby": `hs-tab-${id}`, class: "panel", tabindex: "0", hidden: true }) });
    this.tabs = [name("series", "Over time"), name("survival", "Survival"), name("gains", "Who gains"), name("scorecard", "Scorecard"), name("against", "A against B")];
    for (const tab of this.tabs) tab.button = h("button", { type: "button", role: "tab", id: `hs-tab-${tab.id}`, "aria-controls": `hs-panel-${tab.id}`, onclick: () => this.choose(tab.id) }, tab.words);
    this.list = h("div", { role: "tablist", "aria-label": "What is told about the run", onkeydown: (event) => this.arrows(event) }, this.tabs.map((t) => t.button));
    this.extras = h("div", { class: "tab-extras" });
    this.element = h("section", { class: "told", "aria-label": "Results" }, h("div", { class: "tab-row" }, this.list, this.extras), this.tabs.map((t) => t.panel));
    this.curves = [0, 1].map((side) => new SurvivalSheet(app, side));
    this.figures = this.curves.map((sheet, side) => figureOf(app, sheet, { title: "How long businesses last, by the tool they use", figure: side ? null : "survival", key: h("ul", { class: "key" }) }));
    this.asked = -99;
    this.choose("series");
  }
  panel(id) { return this.tabs.find((tab) => tab.id === id).panel; }
  arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault(); event.stopPropagation();
    const shown = this.tabs.filter((tab) => !tab.button.hidden), at = shown.findIndex((tab) => tab.id === this.chosen);
    const next = shown[(at + step + shown.length) % shown.length];
    this.choose(next.id);
    next.button.focus();
  }
  choose(id) {
    this.chosen = id;
    for (const tab of this.tabs) {
      tab.button.setAttribute("aria-selected", tab.id === id ? "true" : "false");
      tab.button.tabIndex = tab.id === id ? 0 : -1;
      tab.panel.hidden = tab.id !== id;
    }
    this.ask(true);
  }
  ask(now = false) {
    if (this.chosen === "series" || !this.app.state) return;
    if (now || Math.abs(this.app.now - this.asked) >= 12) {
      this.asked = this.app.now;
      this.app.send({ do: "tell", what: this.chosen });
    }
  }
  show(state) {
    const tab = this.tabs.find((t) => t.id === "against");
    tab.button.hidden = state.names.length < 2;
    if (tab.button.hidden && this.chosen === "against") this.choose("series");
  }
  tell(message) {
    this[message.what]?.(message.data, message.month);
  }
  survival(data, month) {
    fill(this.panel("survival"), h("p", { class: "lead" }, `Kaplan–Meier with 95 % bands to month ${number(month, 0)}; a business counts with the tool that it uses at the time.`),
      h("div", { class: "pair" }, data.curves.map((curves, side) => {
        this.curves[side].update(curves);
        this.figures[side].title_(data.curves.length > 1 ? `${"AB"[side]}: how long businesses last` : "How long businesses last, by the tool they use");
        fill(this.figures[side].querySelector(".key"), curves.map((curve) => {
          const tool = TOOLS.indexOf(curve.name);
          return tool < 0 ? h("li", { class: "key-item" }, "⋯ " + curve.label) : keyItem(tool, curve.label);
        }));
        this.figures[side].refresh();
        return this.figures[side];
      })));
  }
  gains(data, month) {
    const row = (r) => ({ label: r.label, cells: [money(r.start), money(r.end), signed(r.change, "money"), r.relative_change === null ? "–" : (r.relative_change > 0 ? "+" : "") + share(r.relative_change)], value: COSTS.includes(r.metric) ? -r.change : r.change, total: r.metric === "total_welfare" });
    const head = ["", "before, $/month", "now", "change", ""];
    const parts = [bars(data.people.map(row), { caption: `Consumers by how common their taste is: surplus a month, the year before automation against the last two years (month ${number(month, 0)})`, head }),
      bars(data.accounts.map(row), { caption: "Everybody's accounts, $ a month", head })];
    if (data.between) {
      const { rows, reason } = data.between;
      parts.unshift(reason ? h("p", {}, `A and B cannot be compared consumer by consumer: ${reason}.`)
        : bars(rows.map((r) => ({ label: r.label, cells: [signed(r.change, "money"), share(r.share_losing)], value: r.change })), { caption: "The same consumers in A against B: mean change, $ an occasion, and who loses", head: ["", "A \u2212 B", "share that loses"] }));
    }
    fill(this.panel("gains"), h("div", { class: "stack" }, parts), this.figureButtons("surplus"));
  }
  scorecard(data) {
    const table = (rows, words) => tableOf(["", "metric", "before", "now", "change"], rows.map((r, k) => [k && rows[k - 1].perspective === r.perspective ? "" : r.perspective, r.metric.replace(/_/g, " "), ofUnit(r.start, r.unit), ofUnit(r.end, r.unit), r.change === null ? "–" : (r.change > 0 ? "+" : "") + ofUnit(r.change, r.unit)]), words, "words-2");
    const words = (k) => `Balanced scorecard of small businesses${data.cards.length > 1 ? `, ${"AB"[k]}` : ""}: the year before automation against the last two years`;
    fill(this.panel("scorecard"), h("div", { class: "pair" }, data.cards.map((rows, k) => table(rows, words(k)))));
  }
  against(data, month) {
    if (!data.rows.length) return;
    const shown = data.rows.filter((r) => this.app.hello.columns.includes(r.metric));
    const form = (unit) => (unit.startsWith("$") ? "money" : unit.startsWith("share") ? "share" : "number");
    const table = (rows, words) => tableOf(["metric", "A", "B", "A \u2212 B", "unit", ...(this.app.verdicts ? [`over ${this.app.verdictSeeds} seeds`] : [])], rows.map((r) => [r.metric.replace(/_/g, " "), ofUnit(r.a, r.unit), ofUnit(r.b, r.unit), r.difference === null ? "–" : signed(r.difference, form(r.unit)), r.unit, ...(this.app.verdicts ? [this.app.verdicts[r.metric] || "–"] : [])]), words);
    const [a, b] = this.app.state.names;
    const welfare = data.parts
      ? bars([...Object.entries(data.parts).map(([label, value]) => ({ label: label.replace(/_/g, " "), cells: [signed(value, "money")], value })), { label: "total", cells: [signed(data.total, "money")], value: data.total, total: true }], { caption: `Why consumers gain or lose in A against B: change of their surplus in month ${number(month, 0)} by cause, $ a month (Shapley values)`, head: ["", "A \u2212 B"] })
      : h("p", {}, `Consumer surplus is not decomposed: ${data.reason}.`);
    fill(this.panel("against"), h("p", { class: "lead" }, `A is ${a}, B is ${b}; same seed, same luck. One seed shows one history: ask for bands over many before you believe a small difference.${this.app.state.second === "twin" ? " What you change while they run changes in both." : ""}`),
      this.bandForm(), h("div", { class: "pair" }, table(shown, "Mean of the last 24 months"), welfare),
      h("details", {}, h("summary", {}, "All metrics"), table(data.rows, "All metrics, mean of the last 24 months")));
  }
  bandForm() {
    if (this.bandBox) return this.bandBox;
    this.seeds = h("input", { type: "text", inputmode: "numeric", class: "narrow", value: "20", "aria-label": "Seeds for the bands" });
    this.bandGo = h("button", { type: "button", onclick: () => { setText(this.bandState, "starting other processes …"); this.app.send({ do: "bands", seeds: Number.parseInt(this.seeds.value, 10) }); } }, "Compute bands over");
    this.bandStop = h("button", { type: "button", hidden: true, onclick: () => this.app.send({ do: "bands", cancel: true }) }, "Cancel");
    this.bandBar = h("progress", { max: "1", value: "0", hidden: true, "aria-label": "Progress of the bands" });
    this.bandState = h("span", { role: "status" });
    const get = (what, form) => () => this.app.send({ do: "download", of: "bands", what, form });
    this.bandFiles = h("span", { class: "figure-tools", hidden: true }, ["differences", "welfare"].flatMap((what) => ["png", "svg"].map((form) => h("button", { type: "button", class: "quiet", onclick: get(what, form) }, `${what} ${form.toUpperCase()}`))), h("button", { type: "button", class: "quiet", onclick: get("table") }, "table CSV"));
    this.bandBox = h("div", { class: "hs-row band-form" }, this.bandGo, this.seeds, "seeds", this.bandStop, this.bandBar, this.bandState, this.bandFiles);
    return this.bandBox;
  }
  bands(message) {
    this.bandForm();
    const running = message.done !== undefined;
    this.bandGo.disabled = running;
    this.bandStop.hidden = this.bandBar.hidden = !running;
    if (running) {
      this.bandBar.value = message.total ? message.done / message.total : 0;
      setText(this.bandState, `${message.done} of ${message.total} runs`);
    } else setText(this.bandState, message.error || (message.cancelled ? "cancelled" : `95 % bands of ${message.seeds} seeds are in the charts over time`));
    this.bandFiles.hidden = !message.finished;
    if (message.finished) this.ask(true);
  }
  figureButtons(figure) {
    return h("p", { class: "figure-tools" }, "The figure: ", ["png", "svg"].map((form) => h("button", { type: "button", class: "quiet", onclick: () => this.app.send({ do: "download", what: figure, form }) }, form.toUpperCase())));
  }
}
