// Controls from the declarations: essential ones first, the rest in groups, a search, what changed and how to undo it.

class Control {
  constructor(app, facts) {
    Object.assign(this, { app, facts, id: freshId("control"), timer: 0, last: 0 });
    this.about = h("div", { class: "about", role: "tooltip", id: `${this.id}-about` },
      h("strong", {}, facts.name), h("p", {}, `${facts.meaning[0].toUpperCase()}${facts.meaning.slice(1)}.`),
      h("p", {}, [facts.symbol && `Symbol ${facts.symbol}`, facts.unit && `Unit: ${facts.unit}`, facts.bounds && `Takes ${facts.bounds}`, `Default ${this.plainly(facts.default)}`].filter(Boolean).join(" · ")),
      h("p", { class: "faint" }, `Source: ${facts.source}.`),
      h("p", { class: "faint" }, facts.live ? "Can change while the market runs: it counts from the next month on." : "Shapes the world at its start: a change needs a restart."));
    this.undo = h("button", { type: "button", class: "quiet undo", hidden: true, onclick: () => this.send(null) }, "↺");
    this.undo.setAttribute("aria-label", `${facts.label}: undo the change`);
    this.note = h("p", { class: "note", hidden: true });
    this.error = h("p", { class: "wrong", role: "alert", hidden: true, id: `${this.id}-error` });
    this.unit = facts.unit ? h("span", { class: "unit" }, facts.unit) : null;
    const name = facts.kind === "tiers" ? "span" : "label";
    this.element = h("div", { class: "control", "data-name": facts.name },
      h("div", { class: "control-head" }, h(name, { for: this.id, id: `${this.id}-label` }, facts.label, facts.symbol ? h("i", {}, ` ${facts.symbol}`) : null), this.unit, this.undo),
      h("div", { class: "control-body" }, this.input()), this.note, this.error, this.about);
    this.words = `${facts.name} ${facts.label} ${facts.meaning} ${facts.symbol}`.toLowerCase();
  }
  plainly(value) {
    return Array.isArray(value) ? value.join(", ") || "none" : value === true ? "on" : value === false ? "off" : `${value}`;
  }
  input() {
    const { kind, choices, slider } = this.facts, described = `${this.id}-about ${this.id}-error`;
    if (kind === "switch") {
      this.field = h("input", { type: "checkbox", id: this.id, "aria-describedby": described, onchange: () => this.send(this.field.checked) });
      return [this.field];
    }
    if (kind === "choice") {
      this.field = h("select", { id: this.id, "aria-describedby": described, onchange: () => this.send(this.field.value) }, choices.map((c) => h("option", { value: c }, c.replace(/_/g, " "))));
      return [this.field];
    }
    if (kind === "tiers") {
      this.boxes = choices.map((c) => h("input", { type: "checkbox", value: c, onchange: () => this.send(this.boxes.filter((b) => b.checked).map((b) => b.value)) }));
      return [h("div", { role: "group", "aria-labelledby": `${this.id}-label`, "aria-describedby": described, class: "tiers" }, this.boxes.map((box) => h("label", {}, box, ` ${box.value}`)))];
    }
    if (kind === "numbers") {
      this.field = h("input", { type: "text", id: this.id, "aria-describedby": described, onchange: () => this.send(this.field.value.split(/[\s,]+/).filter(Boolean).map(Number)) });
      return [this.field];
    }
    this.field = h("input", { type: "text", inputmode: "decimal", id: this.id, "aria-describedby": described, autocomplete: "off", onchange: () => this.typed() });
    if (!slider) return [this.field];
    this.slider = h("input", { type: "range", min: `${slider[0]}`, max: `${slider[1]}`, step: `${slider[2]}`, "aria-label": `${this.facts.label}, slider`, "aria-describedby": `${this.id}-error` });
    this.slider.addEventListener("input", () => { this.field.value = this.slider.value; if (this.facts.live) this.soon(); });
    this.slider.addEventListener("change", () => { clearTimeout(this.timer); this.send(Number(this.slider.value)); });
    return [this.slider, this.field];
  }
  typed() {
    const words = this.field.value.trim(), value = Number(words.replace(/,/g, ""));
    if (!words) return this.send(null);
    return this.send(Number.isFinite(value) ? value : words);
  }
  soon() {
    clearTimeout(this.timer);
    const wait = Math.max(0, 80 - (performance.now() - this.last));
    this.timer = setTimeout(() => { this.last = performance.now(); this.send(Number(this.slider.value)); }, wait);
  }
  send(value) {
    this.refuse("");
    this.app.send({ do: "change", key: this.facts.name, value });
  }
  refuse(words) {
    this.error.hidden = !words;
    setText(this.error, words);
    this.field?.setAttribute("aria-invalid", words ? "true" : "false");
  }
  when(month, now) {
    return month > now + 1 ? `from month ${number(month, 0)} on` : month === now + 1 ? `from the next month (${number(month, 0)}) on` : `since month ${number(month, 0)}`;
  }
  show(state) {
    const { name, kind } = this.facts, value = state.values[name], active = document.activeElement;
    if (kind === "switch") this.field.checked = value;
    else if (kind === "tiers") this.boxes.forEach((box) => { box.checked = value.includes(box.value); });
    else if (kind === "choice") this.field.value = value;
    else if (active !== this.field && active !== this.slider && this.error.hidden) {
      this.field.value = Array.isArray(value) ? value.join(", ") : `${value}`;
      if (this.slider) this.slider.value = `${value}`;
    } else if (active === this.slider && this.error.hidden) this.field.value = `${value}`;
    const changed = state.changed.includes(name), staged = state.staged.includes(name);
    const since = state.live.filter(([, key]) => key === name).map(([month]) => month);
    this.element.classList.toggle("changed", changed || staged);
    this.undo.hidden = !changed;
    const words = staged ? "counts after a restart" : since.length ? this.when(since[since.length - 1], state.month) : changed ? "from the start" : "";
    this.note.hidden = !words;
    this.note.classList.toggle("pending", staged);
    setText(this.note, changed ? `${words} · was ${this.plainly(state.originals[name])}` : words);
  }
}

class Controls {
  constructor(app) {
    this.app = app;
    this.all = app.hello.controls.map((facts) => new Control(app, facts));
    this.search = h("input", { type: "search", placeholder: "Search parameters", "aria-label": "Search parameters", oninput: () => this.filter() });
    this.count = h("p", { class: "faint", role: "status" });
    this.seed = h("input", { type: "text", inputmode: "numeric", id: "hs-seed", autocomplete: "off", onchange: () => app.send({ do: "seed", seed: Number.parseInt(this.seed.value, 10) }) });
    this.seedError = h("p", { class: "wrong", role: "alert", hidden: true });
    this.banner = h("div", { class: "restart", role: "status", hidden: true });
    const essential = this.all.filter((c) => c.facts.essential), rest = this.all.filter((c) => !c.facts.essential);
    const groups = [...new Set(rest.map((c) => c.facts.group))];
    this.groups = groups.map((group) => h("details", { class: "group" }, h("summary", {}, group), rest.filter((c) => c.facts.group === group).map((c) => c.element)));
    this.policies = app.hello.policies.map((policy) => this.policy(policy));
    this.element = h("aside", { class: "sidebar", id: "hs-parameters", "aria-label": "Parameters" },
      h("div", { class: "sidebar-top" }, this.search, this.count, this.banner),
      h("div", { class: "control seed" }, h("div", { class: "control-head" }, h("label", { for: "hs-seed" }, "Seed (the luck)")),
        h("div", { class: "control-body" }, this.seed, h("button", { type: "button", class: "small", onclick: () => app.send({ do: "seed", seed: Math.floor(Math.random() * 1e6) }) }, "Other luck")), this.seedError),
      h("h2", {}, "Essential parameters"), essential.map((c) => c.element),
      h("details", { class: "group policies" }, h("summary", {}, "Policies, from the next month on"), this.policies.map((p) => p.element)),
      this.everything = h("div", { class: "all" }, h("h2", {}, "All parameters"), this.groups));
  }
  policy(facts) {
    const box = h("input", { type: "checkbox", onchange: () => this.app.send({ do: "policy", name: facts.name, on: box.checked }) });
    return { box, name: facts.name, element: h("label", { class: "policy" }, box, h("span", {}, h("b", {}, facts.name.replace(/-/g, " ")), h("small", {}, facts.meaning))) };
  }
  filter() {
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const control of this.all) {
      const hit = words.every((word) => control.words.includes(word));
      control.element.hidden = !hit;
      found += hit;
    }
    for (const group of this.groups) {
      const some = [...group.querySelectorAll(".control")].some((element) => !element.hidden);
      group.hidden = !some;
      group.open = words.length > 0 && some;
    }
    setText(this.count, words.length ? `${found} of ${this.all.length} parameters` : "");
  }
  show(state) {
    for (const control of this.all) control.show(state);
    if (document.activeElement !== this.seed) this.seed.value = `${state.seed}`;
    for (const { box, name } of this.policies) {
      box.checked = state.policies.includes(name);
      box.disabled = !state.may_change;
    }
    this.showBanner(state);
  }
  showBanner(state) {
    const live = state.live.length;
    this.banner.hidden = state.mode === "opening" || (!state.restart && !live);
    const words = state.restart ? "What you changed shapes the world at its start: it counts after a restart." : `${live} change${live > 1 ? "s" : ""} during the run.`;
    const shown = JSON.stringify([words, state.restart, live]);
    if (this.bannerShown === shown) return;
    this.bannerShown = shown;
    fill(this.banner, h("p", {}, words),
      state.restart ? h("button", { type: "button", class: "go small", onclick: () => this.app.send({ do: "restart" }) }, "Restart with them") : null,
      live ? h("button", { type: "button", class: "small", onclick: () => this.app.send({ do: "restart", settle: true }) }, "Restart with all from the start") : null);
  }
  refuse(message) {
    if (message.do === "seed") {
      this.seedError.hidden = false;
      setText(this.seedError, `${message.what} ${message.help}`);
      return true;
    }
    const control = this.all.find((c) => c.facts.name === message.key);
    if (control) control.refuse(`${message.what}. ${message.help}`);
    return Boolean(control);
  }
}
