// The page: one connection to the tab's worker, what is known of the run, and everything that shows it.

class App {
  constructor(model, root) {
    Object.assign(this, { model, root, hello: null, state: null, worlds: [], frames: [], templates: [], rows: [[], []], town: null, viewed: null, now: -1, first: -1, cursor: null, lit: null, pinned: null, trails: {}, sides: 1, bandData: null, verdicts: null, waiting: false, shown: -1 });
    this.listen = (message, buffers) => this.receive(message, buffers);
    this.onKey = (event) => this.key(event);
    model.on("msg:custom", this.listen);
    document.addEventListener("keydown", this.onKey);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.onScheme = () => this.repaint();
    this.scheme.addEventListener("change", this.onScheme);
    this.send({ do: "hello", link: location.search });
  }
  close() {
    this.model.off("msg:custom", this.listen);
    document.removeEventListener("keydown", this.onKey);
    this.scheme.removeEventListener("change", this.onScheme);
  }
  send(message) { this.model.send(message); }

  receive(message, buffers) {
    const take = { hello: () => this.build(message), state: () => this.showState(message), frame: () => this.takeFrame(message, buffers), world: () => this.takeWorld(message, buffers), progress: () => this.transport.showProgress(message), refused: () => this.refused(message), failed: () => this.failed(message), card: () => this.takeCard(message), told: () => this.takeTold(message), bands: () => this.takeBands(message, buffers), file: () => this.take.saved(message, buffers[0]), offer: () => this.take.offer(message), owned: () => this.owner.reckoned(message, buffers) };
    take[message.type]?.();
  }

  build(hello) {
    this.hello = hello;
    this.meanings = hello.metrics;
    this.question = h("p", { class: "question" });
    this.controls = new Controls(this);
    this.transport = new Transport(this);
    this.maps = [0, 1].map((side) => new TownMap(this, side));
    this.spaces = [0, 1].map((side) => new OfferingSpace(this, side));
    this.bets = new Bets(this);
    this.take = new TakeAway(this);
    this.told = new Told(this);
    this.owner = new Owner(this);
    this.alerts = h("div", { class: "alerts", role: "alert" });
    this.cardBox = h("aside", { class: "card", "aria-label": "Business", hidden: true });
    this.tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.preset = h("select", { id: "hs-preset", onchange: () => this.send({ do: "open", name: this.preset.value }) }, hello.presets.map((p) => h("option", { value: p.name, title: p.question }, p.name)));
    this.second = h("select", { id: "hs-second", onchange: () => this.send({ do: "beside", name: this.second.value }) },
      h("option", { value: "" }, "nothing"), h("option", { value: "twin" }, "the same without automation"), h("optgroup", { label: "Presets" }, hello.presets.map((p) => h("option", { value: p.name }, p.name))));
    this.townSelect = h("select", { "aria-label": "Town shown", onchange: () => this.chooseTown(this.townSelect.value === "" ? null : Number(this.townSelect.value)) });
    this.diffBox = h("input", { type: "checkbox", id: "hs-diff", onchange: () => this.repaint() });
    this.diffRow = h("label", { for: "hs-diff", class: "check", hidden: true }, this.diffBox, " A \u2212 B");
    fill(this.told.extras, this.diffRow, h("label", { class: "check" }, "Town ", this.townSelect));
    this.mapFigures = this.maps.map((sheet) => figureOf(this, sheet, { title: "Towns", figure: "town_map", key: null }));
    this.spaceFigures = this.spaces.map((sheet) => figureOf(this, sheet, { title: "Offering space", figure: "offering_space", key: null }));
    this.views = h("section", { class: "views", "aria-label": "The market" });
    this.namesBox = h("p", { class: "names" });
    this.keyBox = h("div", { class: "key-row" }, this.namesBox, toolKey(true));
    this.chartBox = h("div", { class: "charts" });
    fill(this.told.panel("series"), this.chartBox);
    const theme = h("button", { type: "button", class: "quiet", onclick: () => this.otherTheme() }, "Dark or light");
    const drawer = h("button", { type: "button", class: "drawer-button", "aria-expanded": "false", "aria-controls": "hs-parameters", onclick: () => drawer.setAttribute("aria-expanded", this.root.classList.toggle("drawer") ? "true" : "false") }, "Parameters");
    fill(this.root,
      h("a", { class: "skip", href: "#hs-market", onclick: (event) => { event.preventDefault(); this.transport.play.focus(); } }, "Skip to the market"),
      h("header", { class: "top" }, h("h1", {}, "homogsim"), h("label", { for: "hs-preset" }, "Scenario ", this.preset), h("label", { for: "hs-second" }, "beside ", this.second),
        h("div", { class: "actions" }, drawer, this.owner.button, h("button", { type: "button", onclick: () => this.bets.open() }, "Predict first"), h("button", { type: "button", onclick: () => this.take.open() }, "Take away"), theme)),
      h("div", { class: "body" }, this.controls.element,
        h("main", { id: "hs-market" }, this.alerts, this.transport.element, this.viewsBox = h("div", { class: "views-box" }, this.viewsColumn = h("div", { class: "views-column" }, this.views, this.keyBox), this.sideColumn = h("div", { class: "side-column", hidden: true }, this.owner.element, this.cardBox)), this.told.element,
          h("footer", { class: "faint" }, "Keys: space plays and pauses, s steps, r resets, ← → look back and forth (with shift by a year), o makes you an owner."))),
      this.bets.dialog, this.owner.ending.dialog, this.take.dialog, this.take.offerDialog, this.tip);
    this.chartsFor(null);
    document.getElementById("homogsim-splash")?.remove();
  }

  chartsFor(town) {
    const charts = town === null ? this.hello.charts : this.hello.town_charts, columns = town === null ? this.hello.columns : this.hello.town_columns;
    this.charts = charts.map((chart) => new SeriesChart(this, chart, columns));
    this.chartFigures = this.charts.map((sheet, k) => figureOf(this, sheet, { title: charts[k].title, figure: charts[k].figure, key: sheet.key }));
    for (const chart of this.charts) chart.paintKey();
    fill(this.chartBox, this.chartFigures);
  }

  showState(state) {
    const before = this.state;
    this.state = state;
    this.root.dataset.mode = state.mode;
    this.root.dataset.month = `${state.month}`;
    if (![...this.preset.options].some((option) => option.value === state.base)) this.preset.prepend(h("option", { value: state.base, disabled: true }, `${state.base} (file)`));
    this.preset.value = state.base;
    this.second.value = state.second;
    setText(this.question, state.question);
    this.controls.show(state);
    this.transport.show(state);
    this.told.show(state);
    this.bets.placed(state.bets);
    if (!state.owner) delete this.root.dataset.owner;
    if (this.worlds.length) this.owner.show(state);
    this.fitSide();
    fill(this.namesBox, state.names.length > 1 ? [h("b", {}, "A"), ` ${state.names[0]} · `, h("b", {}, "B"), ` ${state.names[1]}`] : "");
    if (state.mode === "opening" && before?.mode !== "opening") fill(this.alerts);
    if (state.mode !== "playing" && before?.mode === "playing") { this.told.ask(true); this.describe(); this.freshCard(); }
    if (state.mode === "paused" && before?.mode === "opening") this.told.ask(true);
  }

  takeWorld(message, [site, siteTown, siteSector, tastes]) {
    this.worlds[message.side] = { ...message, site: numbers(site, Float32Array), siteTown: numbers(siteTown, Int32Array), siteSector: numbers(siteSector, Int32Array), tastes: numbers(tastes, Float32Array) };
    this.sidesComing = message.side + 1;
    if (message.side === 0) Object.assign(this, { frames: [], rows: [[], []], bandData: null, verdicts: null, pinned: null, lit: null, trails: {}, viewed: null });
  }

  takeFrame(message, buffers) {
    // What came is kept at once and painted with the browser's next repaint; the worker may send the next one meanwhile.
    if (message.sides.length !== this.sides || message.run !== this.run) this.layout(message);
    if (message.town !== this.town) { this.town = message.town; this.chartsFor(this.town); this.townSelect.value = this.town === null ? "" : `${this.town}`; }
    message.sides.forEach((head, side) => this.takeSide(head, side, buffers.slice(3 * side, 3 * side + 3)));
    Object.assign(this, { now: message.now, first: message.sides[0].first, shown: message.month, viewed: message.past ? message.month : null });
    this.send({ do: "drawn" });
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => this.paintFrame());
  }

  takeSide(head, side, [firms, templates, rows]) {
    this.frames[side] = decode(firms, head);
    this.templates[side] = numbers(templates, Float32Array);
    const width = 1 + (this.town === null ? this.hello.columns : this.hello.town_columns).length;
    const flat = numbers(rows), fresh = [];
    for (let k = 0; k < flat.length; k += width) fresh.push(flat.subarray(k, k + width));
    if (head.since) this.rows[side].length = head.since;
    else this.rows[side] = [];
    this.rows[side].push(...fresh);
  }

  paintFrame() {
    this.waiting = false;
    Object.assign(this.root.dataset, { month: `${this.now}`, shown: `${this.shown}`, frames: `${Number(this.root.dataset.frames || 0) + 1}` });
    this.transport.showMonth(this.shown, this.first, this.now, this.state ? this.state.tools : true);
    this.paintViews();
    this.paintCharts();
    this.told.ask();
    this.owner.live();
    if (this.state?.mode !== "playing") this.describe();
  }

  layout(message) {
    [this.sides, this.run] = [message.sides.length, message.run];
    if (this.sides < 2) this.rows[1] = [];
    for (let side = 0; side < this.sides; side++) {
      this.mapFigures[side].title_(this.sides > 1 ? `${"AB"[side]}: towns` : "Towns");
      this.spaceFigures[side].title_(this.sides > 1 ? `${"AB"[side]}: offerings` : "Offering space");
    }
    this.views.className = `views sides-${this.sides}`;
    fill(this.views, this.mapFigures.slice(0, this.sides), this.spaceFigures.slice(0, this.sides));
    this.diffRow.hidden = this.sides < 2;
    if (this.sides < 2) this.diffBox.checked = false;
    fill(this.townSelect, h("option", { value: "" }, "all"), this.worlds[0].names.map((name, k) => h("option", { value: `${k}` }, name)));
    this.showCard(null);
    this.told.asked = -99;
  }

  paintViews() {
    for (let side = 0; side < this.sides; side++) { this.maps[side].draw(); this.spaces[side].draw(); }
  }
  paintCharts() {
    const time = performance.now();
    if (this.state?.mode === "playing" && this.told.chosen !== "series") return;
    // on a slow machine the charts give way to the maps
    if (this.state?.mode === "playing" && time - (this.painted || 0) < Math.max(60, 3 * (this.painting || 0))) return;
    this.painted = time;
    for (const chart of this.charts) chart.draw();
    this.painting = performance.now() - time;
  }
  repaint() {
    if (!this.hello) return;
    for (const canvas of this.root.querySelectorAll("canvas")) canvas.paint?.();
    this.paintViews();
    this.painted = 0;
    for (const chart of this.charts) { chart.paintKey(); chart.draw(); }
    for (const curve of this.told.curves) curve.draw();
    this.owner.ending.sheet.draw();
  }
  describe() {
    for (let side = 0; side < this.sides; side++) {
      const frame = this.frames[side], name = this.sides > 1 ? ` of market ${"AB"[side]}` : "";
      if (!frame) continue;
      const counts = [0, 0, 0, 0];
      frame.kind.forEach((kind) => counts[kind & 3]++);
      const words = TOOLS.map((tool, k) => `${counts[k]} with ${TOOL_WORDS[tool]}`).join(", ");
      this.maps[side].say(`Town map${name} in month ${frame.month}: ${frame.n} businesses, ${words}. The table beside the title has the towns.`);
      this.spaces[side].say(`Offering space${name} in month ${frame.month}: ${frame.n} businesses in the plane in which tastes differ most; the closer, the more alike. The table beside the title has the places.`);
    }
    for (const chart of this.charts) chart.say();
    for (const figure of [...this.mapFigures, ...this.spaceFigures, ...this.chartFigures]) figure.refresh();
  }

  span() {
    const rows = this.rows[0], low = rows.length ? rows[0][0] : -1;
    return [Math.min(low, -1), this.state ? this.state.last : 179];
  }
  showsDifference() { return this.sides > 1 && this.diffBox.checked; }
  offered(side, tier) {
    const tools = this.state?.values["tools.available"] || [];
    return side === 0 || this.state?.second !== "twin" ? (side === 0 ? tools.includes(TOOLS[tier]) || this.frames[side]?.kind.includes(tier) : this.frames[side]?.kind.includes(tier)) : false;
  }

  pointAt(month) {
    if (this.cursor === month) return;
    this.cursor = month;
    this.painted = 0;
    if (this.state?.mode !== "playing") for (const chart of this.charts) chart.draw();
  }
  chooseTown(town) { this.send({ do: "town", town }); }
  view(month) { this.send({ do: "view", month }); }
  playOrPause() {
    if (this.state?.mode === "playing") this.send({ do: "pause" });
    else if (this.state?.mode === "paused") this.send({ do: "play" });
  }
  key(event) {
    const at = event.target;
    if (!this.state || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (at.matches?.("input, select, textarea, summary, [role=tab], .table-box")) return;
    if (event.key === " " && at.matches?.("button, a")) return;
    const shown = this.viewed ?? this.now, step = event.shiftKey ? 12 : 1;
    const act = { " ": () => this.playOrPause(), s: () => this.send({ do: "step" }), r: () => this.send({ do: "restart" }), ArrowLeft: () => this.view(Math.max(this.first, shown - step)), ArrowRight: () => this.view(Math.min(this.now, shown + step)), o: () => this.owner.open(), Escape: () => this.showCard(null) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  hover(side, uid, event) {
    const same = this.lit?.uid === uid && this.lit?.side === side;
    if (uid === null || uid === undefined) {
      this.tip.hidden = true;
      if (this.lit) { this.lit = null; this.paintViews(); }
      return;
    }
    this.placeTip(side, uid, event);
    if (same) return;
    this.lit = { side, uid };
    this.paintViews();
    this.send({ do: "card", side, uid, why: "hover" });
  }
  placeTip(side, uid, event) {
    const frame = this.frames[side], k = frame.uid.indexOf(uid);
    if (k < 0) return;
    const tool = frame.kind[k] & CHAIN_BIT ? "chain" : TOOL_WORDS[TOOLS[frame.kind[k] & 3]];
    setText(this.tip, `${tool} · ${money(frame.price[k])} · ${number(frame.sales[k], 0)} a month`);
    Object.assign(this.tip.style, { left: `${Math.min(event.clientX + 14, innerWidth - 220)}px`, top: `${event.clientY + 14}px` });
    this.tip.hidden = false;
  }
  pin(side, uid) {
    this.owner.picked(side, uid);
    this.pinned = { side, uid };
    this.send({ do: "card", side, uid, why: "pin" });
  }
  isLit(side, uid) {
    const site = siteOf(uid);
    for (const one of [this.lit, this.pinned]) if (one && (one.uid === uid || (this.sides > 1 && one.side !== side && siteOf(one.uid) === site && one.uid === uid))) return true;
    return false;
  }
  trailOf(side) {
    const one = this.lit || this.pinned;
    return one && one.side === side ? this.trails[`${side} ${one.uid}`] : null;
  }
  freshCard() { if (this.pinned) this.pin(this.pinned.side, this.pinned.uid); }
  takeCard({ side, card, why }) {
    if (!card) return;
    this.trails[`${side} ${card.uid}`] = card.history.map((row) => [row[1], row[2]]);
    if (why === "pin") this.showCard(card, side);
    this.paintViews();
  }
  showCard(card, side = 0) {
    if (!card) {
      this.pinned = null;
      this.cardBox.hidden = true;
      this.fitSide();
      this.paintViews();
      return;
    }
    const n = card.numbers || {}, last = card.history[card.history.length - 1];
    const facts = card.open
      ? [["price", money(n.price)], ["unit cost", money(n.unit_cost)], ["sold a month", number(n.sales, 0)], ["profit a month", money(n.profit)], ["cash", money(n.cash)], ["personalization", number(n.personalization, 2)], ["automated contact", number(n.contact, 2)], ["trust", number(n.trust, 2)]]
      : [["closed after month", number(last[0], 0)], ["last price", money(last[4])], ["last sold", number(last[3], 0)]];
    const lines = [["price", 4, "money"], ["sold a month", 3, "number"], ["profit a month", 5, "money"]].map(([words, at, form]) => h("div", { class: "spark" }, h("span", {}, words), sparkline(card.history, at), h("b", {}, written(last[at], form))));
    fill(this.cardBox, h("h3", {}, `${this.sides > 1 ? "AB"[side] + ": " : ""}${card.chain ? "Chain outlet" : "Business"} at storefront ${card.site}`),
      h("p", { class: "faint" }, `${this.worlds[side].names[card.town]}, sector ${card.sector} · opened in month ${number(card.birth, 0)}${card.open ? ` · ${TOOL_WORDS[card.tool]}` : ""}`),
      h("dl", {}, facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])), lines,
      h("button", { type: "button", class: "quiet", onclick: () => this.showCard(null) }, "Close"),
      card.open && !card.chain && side === 0 && !this.state.owner && !this.owner.picking ? h("button", { type: "button", class: "quiet", onclick: () => { this.owner.open(); this.owner.picked(side, card.uid); } }, "Be its owner") : null);
    this.cardBox.hidden = false;
    this.fitSide();
  }
  fitSide() {
    // What stands beside the maps takes its room only while there is something.
    const shown = !this.cardBox.hidden || !this.owner.element.hidden;
    this.sideColumn.hidden = !shown;
    this.viewsBox.classList.toggle("with-card", shown);
    this.sideColumn.classList.toggle("narrow-column", this.owner.element.hidden);
  }
  ownUid(side) { return side === 0 && this.state?.owner ? this.state.owner.uid : null; }

  takeTold(message) {
    if (message.what === "outcome") this.bets.outcome(message.data);
    else this.told.tell(message);
  }
  takeBands(message, buffers) {
    if (message.finished) {
      const [month, flat] = [numbers(buffers[0]), numbers(buffers[1])], width = message.months, bands = {};
      this.hello.columns.forEach((metric, m) => {
        bands[metric] = [0, 1, 2].map((which) => Object.fromEntries(["mean", "low", "high"].map((part, p) => [part, flat.subarray(((m * 3 + which) * 3 + p) * width, ((m * 3 + which) * 3 + p + 1) * width)])));
      });
      Object.assign(this, { bandData: { month, bands }, verdicts: message.verdicts, verdictSeeds: message.seeds });
      this.repaint();
    }
    this.told.bands(message);
  }
  bandsOf(metric, difference) {
    if (!this.bandData || this.town !== null || this.sides < 2) return [];
    const { month, bands } = this.bandData;
    return (difference ? [2] : [1, 0]).map((which) => ({ month, metric, side: which === 1 ? 1 : 0, ...bands[metric][which] }));
  }

  refused(message) {
    if (message.do === "upload") this.take.refuse(message);
    else if (this.owner.refuse(message)) return;
    else if (!((message.do === "bet" && this.bets.refuse(message)) || this.controls.refuse(message))) this.alert([message.where, message.what].filter(Boolean).join(": "), message.help);
  }
  failed(message) {
    const where = message.month === null ? "" : ` in month ${number(message.month, 0)}`;
    this.alert(`The model failed${where}: ${message.what}`, "The last frame stays. Reset to begin again; please report this.", h("button", { type: "button", class: "go small", onclick: () => this.send({ do: "restart" }) }, "Reset"));
  }
  alert(words, help = "", action = null) {
    const box = h("div", { class: "alert" }, h("p", {}, h("b", {}, words), " ", help), action, h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => box.remove() }, "×"));
    fill(this.alerts, box);
  }
  otherTheme() {
    const dark = look() === LOOKS.dark;
    document.documentElement.dataset.hsTheme = dark ? "light" : "dark";
    try { localStorage.setItem("homogsim-theme", document.documentElement.dataset.hsTheme); } catch { /* private windows */ }
    this.repaint();
  }
}

function sparkline(history, at) {
  const canvas = h("canvas", { width: 220, height: 44, role: "img", "aria-label": `from ${number(history[0][at])} to ${number(history[history.length - 1][at])}` });
  const context = canvas.getContext("2d"), values = history.map((row) => row[at]), low = Math.min(...values), high = Math.max(...values);
  context.scale(2, 2);
  context.strokeStyle = look().ink; context.lineWidth = 1.4;
  context.beginPath();
  values.forEach((v, k) => context[k ? "lineTo" : "moveTo"](2 + (106 * k) / Math.max(1, values.length - 1), 19 - (16 * (v - low)) / (high - low || 1)));
  context.stroke();
  return canvas;
}

function render({ model, el }) {
  try { const theme = localStorage.getItem("homogsim-theme"); if (theme) document.documentElement.dataset.hsTheme = theme; } catch { /* private windows */ }
  const root = h("div", { class: "hs" }, h("p", { class: "waiting" }, "homogsim is opening …"));
  el.append(root);
  const app = new App(model, root);
  return () => app.close();
}

export default { render };
