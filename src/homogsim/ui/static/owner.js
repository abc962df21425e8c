// Be the owner: pick a business, decide at its reviews while the market waits, hand it back, see what came of it.

const EVERY = [[3, "every 3 months"], [6, "every 6 months"], [12, "once a year"]];
const CONTACT_WORDS = (level) => (level >= 0.005 ? `contact ${number(level, 2)}` : "back office");
const CAUSE_WORDS = { bankrupt: "it is bankrupt", retired: "its owner has retired" };
const COMMANDS = ["own", "decide", "charge", "disown", "reckon"];

class Owner {
  constructor(app) {
    this.app = app;
    this.ending = new Ending(app);
    this.error = h("p", { class: "wrong", role: "alert", hidden: true });
    this.status = h("p", { class: "owner-status", role: "status" });
    this.head = h("h2", { tabindex: "-1" });
    this.where = h("p", { class: "faint" });
    this.body = h("div", { class: "owner-body" });
    this.numbers = h("dl", {});
    this.bar = h("progress", { max: "1", value: "0", "aria-label": "Progress of the comparison" });
    this.progress = h("div", { class: "progress", hidden: true }, h("span", {}, "living it again without you …"), this.bar);
    this.element = h("section", { class: "owner", "aria-label": "Your business", hidden: true }, this.head, this.where, this.status, this.error, this.body, this.progress);
    this.button = h("button", { type: "button", title: "Run one business of this market yourself (o)", onclick: () => this.open() }, "Be the owner");
  }
  get owner() { return this.app.state?.owner || null; }
  get name() { return this.owner ? this.owner.name || `Storefront ${siteOf(this.owner.uid)}` : ""; }

  open() {
    if (this.owner) { this.head.focus(); this.head.scrollIntoView({ block: "nearest" }); return; }
    this.picking = true;
    this.pick();
    this.layout();
    this.head.focus();
    this.head.scrollIntoView({ block: "nearest" });
  }
  layout() {
    const shown = this.picking || Boolean(this.owner);
    this.element.hidden = !shown;
    if (this.app.root.classList.contains("owning") !== shown) {
      this.app.root.classList.toggle("owning", shown);
      if (shown) this.app.viewsColumn.append(this.app.told.element); // the charts go under the maps, beside the panel
      else this.app.viewsBox.after(this.app.told.element);
    }
    this.app.fitSide();
  }

  // Picking ---------------------------------------------------------------------------------------------------

  pick() {
    const world = this.app.worlds[0];
    this.wrong("");
    setText(this.head, "Be the owner");
    setText(this.where, "Run one business yourself. The market waits for you at its reviews; at the end you see what would have come of it without you, with the same luck.");
    setText(this.status, "");
    this.town = h("select", { id: "hs-owner-town", onchange: () => this.list() }, h("option", { value: "" }, "any town"), world.names.map((name, k) => h("option", { value: `${k}` }, name)));
    this.business = h("select", { id: "hs-owner-business" });
    this.called = h("input", { type: "text", id: "hs-owner-name", maxlength: "60", autocomplete: "off", placeholder: "Corner Bakery" });
    this.every = h("select", { id: "hs-owner-every" }, EVERY.map(([months, words]) => h("option", { value: `${months}`, selected: months === 6 }, words)));
    const row = (id, words, field) => h("div", { class: "owner-row" }, h("label", { for: id }, words), field);
    fill(this.body, h("form", { onsubmit: (event) => { event.preventDefault(); this.take(); } },
      h("p", { class: "note" }, "Click a business on the map, or choose one here."),
      row("hs-owner-town", "Town", this.town), row("hs-owner-business", "Business", this.business), row("hs-owner-name", "Its name", this.called), row("hs-owner-every", "You decide", this.every),
      h("div", { class: "hs-row" }, h("button", { type: "submit", class: "go" }, "Take it over"), h("button", { type: "button", onclick: () => this.anyone() }, "Any one"),
        h("button", { type: "button", class: "quiet", onclick: () => this.stopPicking() }, "Cancel"))));
    this.list();
  }
  list(chosen = null) {
    const frame = this.app.frames[0], world = this.app.worlds[0], town = this.town.value;
    if (!frame) return;
    const open = [...frame.uid.keys()].filter((k) => !(frame.kind[k] & CHAIN_BIT) && frame.sales[k] > 0 && (town === "" || world.siteTown[siteOf(frame.uid[k])] === Number(town)));
    open.sort((a, b) => frame.sales[b] - frame.sales[a]);
    fill(this.business, open.map((k) => {
      const site = siteOf(frame.uid[k]), tool = frame.kind[k] & 3;
      return h("option", { value: `${frame.uid[k]}`, selected: frame.uid[k] === chosen }, `${site} · ${town === "" ? `${world.names[world.siteTown[site]]} · ` : ""}sector ${world.siteSector[site]} · sells ${number(frame.sales[k], 0)} · ${money(frame.cash[k])}${tool ? ` · ${TOOL_WORDS[TOOLS[tool]]}` : ""}`);
    }));
  }
  picked(side, uid) {
    // A business clicked on a map is the one to take over, unless a chain decides for it.
    if (!this.picking) return;
    const frame = this.app.frames[0], k = frame.uid.indexOf(uid);
    if (side !== 0) this.wrong("Businesses of market A can be taken over, those of B stand beside it.");
    else if (k < 0 || frame.kind[k] & CHAIN_BIT) this.wrong("That is an outlet of a chain, which decides for all its outlets. Pick another one.");
    else { this.wrong(""); this.town.value = ""; this.list(uid); }
  }
  anyone() {
    this.business.selectedIndex = Math.floor(Math.random() * this.business.options.length);
    this.app.pin(0, Number(this.business.value));
  }
  take() {
    this.wrong("");
    this.app.send({ do: "own", uid: Number(this.business.value), name: this.called.value, every: Number(this.every.value) });
  }
  stopPicking() {
    this.picking = false;
    this.layout();
    this.button.focus();
  }

  // Owning ----------------------------------------------------------------------------------------------------

  show(state) {
    const owner = state.owner;
    if (owner && this.picking) { this.picking = false; this.app.showCard(null); }
    if (!owner) {
      this.shown = this.dueMonth = null;
      if (!this.picking || state.mode === "opening") { this.picking = false; this.layout(); }
      return;
    }
    this.layout();
    this.app.root.dataset.owner = owner.due ? "due" : !owner.open ? "closed" : owner.in_charge ? "waits" : "by-itself";
    const key = JSON.stringify([owner, state.mode]);
    if (this.shown === key) return;
    const inside = this.element.contains(document.activeElement) || document.activeElement === document.body;
    this.shown = key;
    setText(this.head, this.name);
    setText(this.status, this.statusWords(state, owner));
    this.wrong(owner.refused ? `What you decided could not be done: ${owner.refused}` : "");
    fill(this.body, owner.due ? this.review(owner) : this.between(state, owner));
    this.live();
    if (inside && state.mode !== "opening" && (owner.due ? this.dueMonth !== owner.next : this.lostFocus())) { this.element.scrollTop = 0; this.head.focus(); }
    this.dueMonth = owner.due ? owner.next : null;
  }
  lostFocus() { return document.activeElement === document.body && this.app.state.mode !== "playing" && !document.querySelector("dialog[open]"); }
  statusWords(state, owner) {
    if (!owner.open) return `It has closed: ${CAUSE_WORDS[owner.cause] || owner.cause}. The town lives on without it.`;
    if (state.mode === "ended") return "The run is over.";
    if (owner.due) return `Your decision for month ${number(owner.next, 0)} is due; the market waits.`;
    if (!owner.in_charge) return "It decides by itself until you take it over again.";
    return owner.next === null ? "There is no review any more." : `Your next review is in month ${number(owner.next, 0)}.`;
  }
  between(state, owner) {
    const go = (words, command, kind = "") => h("button", { type: "button", class: kind, onclick: () => { this.wrong(""); this.app.send(command); } }, words);
    const lives = owner.open && state.mode !== "ended";
    const lived = owner.path.month.length > 0;
    return [this.numbers, this.sparks(owner), h("div", { class: "hs-row" },
      lives && owner.in_charge ? go("Hand it back", { do: "charge", take: false }) : null,
      lives && !owner.in_charge ? go("Take it over again", { do: "charge", take: true }, "go") : null,
      lived ? go("What would have been?", { do: "reckon" }, lives ? "" : "go") : null,
      lived ? go("Play again with it", { do: "restart", again: true }) : null), this.log(owner)];
  }
  sparks(owner) {
    const { path } = owner, n = path.month.length;
    if (n < 2) return null;
    const rows = path.month.map((month, k) => [month, path.cumulative[k], path.cash[k], path.sales[k]]).filter((row) => row[2] !== null);
    if (!rows.length) return null;
    const line = (words, at, form) => h("div", { class: "spark" }, h("span", {}, words), sparkline(rows, at), h("b", {}, written(at === 1 ? path.cumulative[n - 1] : rows[rows.length - 1][at], form)));
    return h("div", {}, line("earned so far", 1, "money"), line("cash", 2, "money"), line("sold a month", 3, "number"));
  }
  log(owner) {
    if (!owner.decided.length) return null;
    return h("details", { class: "owner-log" }, h("summary", {}, "What you decided"), h("ul", {}, [...owner.decided].reverse().map(([month, words]) => h("li", {}, `Month ${number(month, 0)}: ${words}`))));
  }
  live() {
    // Between reviews the numbers come with every frame.
    const { owner } = this, frame = this.app.frames[0];
    if (!owner) return;
    const left = this.app.state.last - Math.max(this.app.now, this.app.state.month);
    setText(this.where, `Storefront ${siteOf(owner.uid)}, ${this.app.worlds[0].names[owner.town]}, sector ${owner.sector} · ${left > 0 ? `${left} month${left > 1 ? "s" : ""} left` : "the run is over"}`);
    if (owner.due || !frame) return;
    const k = frame.uid.indexOf(owner.uid);
    const facts = k < 0 ? [] : [["cash", money(frame.cash[k])], ["profit last month", money(frame.profit[k])], ["sold last month", number(frame.sales[k], 0)], ["price", money(frame.price[k])], ["tool", TOOL_WORDS[TOOLS[frame.kind[k] & 3]] + (frame.kind[k] & 3 ? `, ${CONTACT_WORDS(frame.contact[k])}` : "")]];
    fill(this.numbers, facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
  }

  // A review --------------------------------------------------------------------------------------------------

  review(owner) {
    const { now } = owner;
    this.now = now;
    const facts = [
      ["cash", `${money(now.cash)}; fixed cost a month ${money(now.fixed_cost)}`], ["profit last month", money(now.profit)],
      ["sold last month", `${number(now.sales, 0)} (${share(now.share, 0)} of sector and town)`],
      ["price, unit cost", `${money(now.price)}, ${money(now.unit_cost)}`],
      ...(now.tool === "none" ? [] : [["tool", `${now.tool}, ${CONTACT_WORDS(now.contact)}, for ${now.months_with_tool} months`]]),
      ...(now.implementation === null ? [] : [["how well it works", share(now.implementation, 0)]]),
      ["rivals in town", now.rivals ? `${now.rivals}${now.chains ? ` (${now.chains} of chains)` : ""}, prices ${money(now.rival_prices[0])} to ${money(now.rival_prices[1])}` : "none"],
      ["peers with a tool", this.peers(now)],
    ];
    this.reinvest = this.slider("hs-owner-reinvest", "Of a tool's savings, reinvest", now.reinvestment, [0, 1, 0.05], (v) => share(v, 0));
    this.stance = this.slider("hs-owner-stance", "Markup, of the best answer", now.price_stance, [now.stances[0], now.stances[1], 0.05], (v) => `× ${number(v, 2)}`);
    const by = () => { this.wrong(""); this.app.send({ do: "decide", by_itself: true }); };
    return h("form", { onsubmit: (event) => { event.preventDefault(); this.decide(); } },
      h("dl", {}, facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
      this.matrix(now),
      this.reinvest.row, this.stance.row,
      h("details", { class: "owner-log" }, h("summary", {}, "What would it do by itself?"), h("p", {}, this.ownChoice(now))),
      h("div", { class: "hs-row owner-buttons" }, h("button", { type: "submit", class: "go" }, "Decide and go on"), h("button", { type: "button", onclick: by }, "Let it decide"),
        h("button", { type: "button", onclick: () => { this.wrong(""); this.app.send({ do: "charge", take: false, go: true }); } }, "Hand it back")),
      owner.path.month.length ? null : h("button", { type: "button", class: "quiet", onclick: () => this.app.send({ do: "disown" }) }, "Another business"),
      this.sparks(owner), this.log(owner));
  }
  peers(now) {
    const having = (peers) => 1 - (peers.none ?? 0);
    const most = Object.entries(now.peers).filter(([tool, part]) => tool !== "none" && part > 0).map(([tool, part]) => `${tool} ${share(part, 0)}`);
    const before = now.peers_before ? Math.round(100 * (having(now.peers) - having(now.peers_before))) : 0;
    return `${most.join(", ") || "none"}${before ? ` (${before > 0 ? "+" : MINUS}${Math.abs(before)} points)` : ""}`;
  }
  ownChoice(now) {
    const [tool, contact] = now.own_choice, stays = tool === now.tool && contact === now.contact;
    return `${stays ? "It would stay as it is" : `It would ${tool === "none" ? "drop its tool" : `take the ${tool} tool, ${CONTACT_WORDS(contact)}`}`} – by what it expects, what its peers do, and luck.`;
  }
  matrix(now) {
    const id = freshId("tool"), levels = [...new Set(now.options.filter((o) => o.tool !== "none").map((o) => o.contact))].sort((a, b) => a - b);
    const radio = (option, words) => {
      const label = `${words}: ${option.can ? `${money(option.to_pay)} at once, expected ${signed(option.gain, "money")} a month` : `needs ${money(option.to_pay)} at once`}`;
      const input = h("input", { type: "radio", name: id, value: `${option.tool} ${option.contact}`, "aria-label": label, disabled: !option.can, checked: Boolean(option.stay) });
      input.option = option;
      return input;
    };
    const cell = (tool, level) => {
      const option = now.options.find((o) => o.tool === tool && Math.abs(o.contact - level) < 1e-9);
      if (!option) return h("td", {}, "–");
      return h("td", {}, h("label", { class: `option${option.can ? "" : " cannot"}` }, radio(option, `${TOOL_WORDS[tool]}, ${CONTACT_WORDS(level)}${option.stay ? " (as it is)" : ""}`),
        h("span", {}, h("span", { class: option.can && option.gain < 0 ? "loss" : "" }, option.can ? (option.stay ? "as it is" : signed(option.gain, "money")) : "too dear"), h("small", {}, option.stay ? "no cost" : `costs ${money(option.to_pay)}`))));
    };
    const none = now.options.find((o) => o.tool === "none");
    const tools = TOOLS.slice(1).filter((tool) => now.options.some((o) => o.tool === tool));
    this.radios = h("fieldset", { class: "owner-tools" }, h("legend", {}, "The tool, and its contact with customers"),
      none ? h("label", { class: "option wide" }, radio(none, none.stay ? "no tool (as it is)" : "no tool"), none.stay ? "No tool, as it is" : h("span", {}, "Drop the tool ", h("span", { class: none.gain < 0 ? "loss" : "" }, signed(none.gain, "money")), " a month")) : null,
      tools.length ? h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "gain a month"), levels.map((level) => h("th", { scope: "col" }, CONTACT_WORDS(level))))),
        h("tbody", {}, tools.map((tool) => h("tr", {}, h("th", { scope: "row" }, tool, this.fee(now, tool)), levels.map((level) => cell(tool, level)))))) : h("p", { class: "faint" }, "There is no tool on the market."),
      h("p", { class: "faint small" }, "Gain: what the business expects once all is learned, fees paid, before rent. Cost: cash needed now."));
    return this.radios;
  }
  fee(now, tool) {
    const option = now.options.find((o) => o.tool === tool && o.can);
    return option ? h("small", {}, `fee ${money(option.monthly_fee)}`) : null;
  }
  slider(id, words, value, [low, high, step], write) {
    const out = h("output", { for: id }, write(value));
    const input = h("input", { type: "range", id, min: `${low}`, max: `${high}`, step: `${step}`, value: `${value}`, "aria-valuetext": write(value) });
    const slider = { row: h("div", { class: "owner-row slide" }, h("label", { for: id }, words), input, out), value: null };
    input.addEventListener("input", () => { slider.value = Number(input.value); setText(out, write(slider.value)); input.setAttribute("aria-valuetext", write(slider.value)); });
    return slider;
  }
  decide() {
    this.wrong("");
    const chosen = [...this.radios.querySelectorAll("input")].find((input) => input.checked);
    this.app.send({ do: "decide", tool: chosen.option.tool, contact: chosen.option.contact, reinvestment: this.reinvest.value, price_stance: this.stance.value });
  }

  // Answers ---------------------------------------------------------------------------------------------------

  refuse(message) {
    const mine = COMMANDS.includes(message.do) || (["play", "step"].includes(message.do) && this.owner?.due);
    if (!mine || this.element.hidden) return false;
    this.wrong(`${message.what[0].toUpperCase()}${message.what.slice(1)}. ${message.help}`);
    this.error.scrollIntoView({ block: "nearest" });
    if (this.owner?.due && !COMMANDS.includes(message.do)) this.radios.querySelector("input:checked")?.focus();
    return true;
  }
  wrong(words) {
    this.error.hidden = !words;
    setText(this.error, words);
  }
  reckoned(message, buffers) {
    this.progress.hidden = message.done === undefined;
    if (message.done !== undefined) this.bar.value = message.total ? message.done / message.total : 0;
    else if (message.error) this.wrong(message.error);
    else this.ending.show(message, numbers(buffers[0]));
  }
}

// What came of it ---------------------------------------------------------------------------------------------

const COURSE_LOOKS = [{ colour: "#0072B2", dash: [], width: 3 }, { colour: "#D55E00", dash: [8, 4], width: 2 }, { colour: "#757575", dash: [2, 3], width: 2 }];
const SHOWN_MEASURES = ["profit", "roi12", "roi36", "net_promoter_score", "nearest_rival"];
const MEASURE_WORDS = { profit: "profit less set-up cost", survival: "still in business", roi12: "return on it, 12 months", roi36: "return on it, 36 months", paid_back: "paid back", payback_month: "paid back after, months", differentiation_premium: "differentiation premium", net_promoter_score: "net promoter score", nearest_rival: "distance to nearest rival" };

class PathsSheet extends Sheet {
  constructor() {
    super("Cumulative profit");
    this.canvas.dataset.view = "owner";
    this.found = null;
  }
  paint(context, width, height) {
    const { found } = this, style = look();
    if (!found) return;
    const [low, high] = [Math.min(0, ...found.flat), Math.max(1, ...found.flat)], months = found.lines[0].length, left = 58;
    const x = (n) => left + ((width - left - 14) * n) / Math.max(1, months - 1), y = (v) => 10 + (height - 44) * (1 - (v - low) / (high - low));
    context.font = "11px system-ui, sans-serif"; context.lineWidth = 1; context.textAlign = "right"; context.textBaseline = "middle";
    const ticks = niceTicks(low, high, Math.max(3, height / 45)), words = tickWords(ticks, "money");
    ticks.forEach((t, k) => {
      context.strokeStyle = t === 0 ? style.muted : style.rule; context.fillStyle = style.muted;
      context.beginPath(); context.moveTo(left, y(t)); context.lineTo(width - 14, y(t)); context.stroke();
      context.fillText(words[k], left - 6, y(t));
    });
    context.textAlign = "center"; context.textBaseline = "alphabetic";
    for (const t of niceTicks(found.first, found.first + months - 1, Math.max(3, width / 90)).filter((m) => m % 1 === 0)) context.fillText(number(t, 0), x(t - found.first), height - 20);
    context.fillText("month", left + (width - left) / 2, height - 5);
    for (const k of [2, 1, 0]) this.line(context, style, found, k, x, y);
  }
  line(context, style, found, k, x, y) {
    const { colour, dash, width } = COURSE_LOOKS[k], values = found.lines[k], end = found.closed[k] ? found.lived[k] : values.length - 1;
    context.strokeStyle = tint(colour); context.lineWidth = width; context.setLineDash(dash); context.lineJoin = "round";
    context.beginPath();
    values.forEach((v, n) => { if (n <= end) context[n ? "lineTo" : "moveTo"](x(n), y(v)); });
    context.stroke(); context.setLineDash([]);
    if (!found.closed[k]) return;
    const [px, py] = [x(end), y(values[end])];
    context.lineWidth = 2.5;
    context.beginPath(); context.moveTo(px - 5, py - 5); context.lineTo(px + 5, py + 5); context.moveTo(px + 5, py - 5); context.lineTo(px - 5, py + 5); context.stroke();
  }
  table() {
    const { found } = this, months = [...found.lines[0].keys()].filter((n) => n % 12 === 11 || n === found.lines[0].length - 1);
    return tableOf(["month", ...found.names], months.map((n) => [number(found.first + n, 0), ...found.lines.map((line) => money(line[n]))]), "Cumulative profit less set-up cost");
  }
}

class Ending {
  constructor(app) {
    this.app = app;
    this.sheet = new PathsSheet();
    this.box = h("div", {});
    this.dialog = h("dialog", { class: "dialog wide", "aria-labelledby": "hs-ending-title" }, this.box);
    this.key = h("ul", { class: "key" });
    this.figure = figureOf(app, this.sheet, { title: "Earned so far, set-up cost paid", figure: null, key: this.key });
    this.figure.querySelector(".figure-tools").append(...["png", "svg"].map((form) => h("button", { type: "button", class: "quiet", "aria-label": `Save the figure as ${form.toUpperCase()}`, onclick: () => app.send({ do: "download", of: "owner", what: "figure", form }) }, form.toUpperCase())));
  }
  show(message, flat) {
    const count = message.lines.length, months = flat.length / count;
    const lines = message.lines.map((_, k) => flat.subarray(k * months, (k + 1) * months));
    this.sheet.found = { lines, flat: [...flat], names: message.lines, first: message.first, lived: message.lived, closed: message.closed };
    const fate = (k) => (message.closed[k] ? `closed in month ${number(message.first + message.lived[k], 0)} (${message.closed[k]})` : "in business");
    const name = message.name || `Storefront ${siteOf(message.uid)}`;
    const rows = message.rows.filter((row) => SHOWN_MEASURES.includes(row.measure) && row.values.some((v) => v !== null));
    const get = (what, words) => h("button", { type: "button", class: "small", onclick: () => this.app.send({ do: "download", of: "owner", what }) }, words);
    fill(this.key, message.lines.map((words, k) => this.item(k, words, money(lines[k][months - 1]))));
    fill(this.box, h("h2", { id: "hs-ending-title" }, `${name}: what came of it`),
      h("div", { class: "owner-told" }, message.sentences.map((words) => h("p", {}, words))),
      this.figure,
      tableOf(["", ...message.lines], [["at the end", ...message.lines.map((_, k) => fate(k))], ["changes of tools", ...message.changes.map((c) => c.join(", ") || "none")],
        ...rows.map((row) => [MEASURE_WORDS[row.measure], ...row.values.map((v) => ofUnit(v, row.unit))])], "The same luck, three times", "owner-table"),
      h("p", { class: "faint" }, "One history: with other luck the gaps may differ. `homogsim advise` lives many."),
      h("div", { class: "hs-row" }, get("measures", "Measures (CSV)"), get("months", "Months (CSV)"), h("button", { type: "button", class: "small", onclick: () => this.app.send({ do: "download", what: "class-owners" }) }, "Owners of the class (CSV)")),
      h("div", { class: "hs-row end" }, h("button", { type: "button", onclick: () => { this.dialog.close(); this.app.send({ do: "restart", again: true }); } }, "Play again with it"), h("button", { type: "button", class: "go", onclick: () => this.dialog.close() }, "Close")));
    this.sheet.say(`Cumulative profit over ${months} months: ${message.lines.map((words, k) => `${words} ${money(lines[k][months - 1])}, ${fate(k)}`).join("; ")}. The table beside the title has the values.`);
    if (!this.dialog.open) this.dialog.showModal();
    this.figure.refresh();
    this.sheet.fit();
  }
  item(k, words, value) {
    const swatch = h("canvas", { width: 60, height: 16, "aria-hidden": "true", class: "swatch" });
    swatch.paint = () => {
      const context = swatch.getContext("2d"), { colour, dash, width } = COURSE_LOOKS[k];
      context.setTransform(2, 0, 0, 2, 0, 0); context.clearRect(0, 0, 30, 8);
      context.setLineDash(dash); context.strokeStyle = tint(colour); context.lineWidth = width;
      context.beginPath(); context.moveTo(1, 4); context.lineTo(29, 4); context.stroke();
    };
    swatch.paint();
    return h("li", { class: "key-item" }, swatch, `${words} `, h("b", {}, value));
  }
}
