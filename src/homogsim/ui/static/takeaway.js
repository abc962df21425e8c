// Take away: link, files, figures; and bring: a scenario file. Nothing runs by itself from a link or a file.

const FIGURE_WORDS = { town_map: "Town map", offering_space: "Offering space", diversity: "Diversity", survival: "Survival", prices: "Prices", adoption: "Adoption", surplus: "Surplus", firms: "Businesses" };
const LARGEST_UPLOAD = 256_000;

class TakeAway {
  constructor(app) {
    this.app = app;
    const get = (what, form) => () => { setText(this.state, "preparing …"); app.send({ do: "download", what, form, side: Number(this.side.value) }); };
    this.side = h("select", { "aria-label": "Market to take away" }, h("option", { value: "0" }, "A"), h("option", { value: "1" }, "B"));
    this.sideRow = h("p", { hidden: true }, "Of market ", this.side);
    this.state = h("p", { role: "status", class: "faint" });
    this.link = h("input", { type: "text", readonly: true, "aria-label": "Link to this state", onclick: () => this.link.select() });
    this.file = h("input", { type: "file", accept: ".toml", id: "hs-upload", onchange: () => this.upload() });
    this.fileError = h("p", { class: "wrong", role: "alert", hidden: true });
    this.dialog = h("dialog", { class: "dialog", "aria-labelledby": "hs-take-title" },
      h("h2", { id: "hs-take-title" }, "Take away"),
      h("h3", {}, "Link"), h("p", {}, "Scenario, changes, seed, what stands beside it, month. Opening it shows what it would run; nothing runs by itself."),
      h("div", { class: "hs-row" }, this.link, h("button", { type: "button", class: "go", onclick: () => this.copy() }, "Copy link")),
      h("h3", {}, "Files"), this.sideRow, this.ownerNote = h("p", { class: "note", hidden: true }, "You have decided for a business of this market. The link says so; the scenario file is the market without you, and the run folder is yours."),
      h("div", { class: "hs-row" }, [["scenario", "Scenario (TOML)"], ["csv", "Timeline (CSV)"], ["parquet", "Timeline (Parquet)"], ["folder", "Run folder (zip)"]].map(([what, words]) => h("button", { type: "button", onclick: get(what) }, words))),
      h("h3", {}, "Figures"),
      h("ul", { class: "figures" }, Object.entries(FIGURE_WORDS).map(([figure, words]) => h("li", {}, h("span", {}, words), ["png", "svg"].map((form) => h("button", { type: "button", class: "small", "aria-label": `${words} as ${form.toUpperCase()}`, onclick: get(figure, form) }, form.toUpperCase()))))),
      this.state,
      h("h3", {}, "Bring a scenario"), h("p", {}, "A scenario file of at most 256 kB; it may extend shipped presets."),
      h("label", { for: "hs-upload" }, "Scenario file (.toml) "), this.file, this.fileError,
      h("div", { class: "hs-row end" }, h("button", { type: "button", onclick: () => this.dialog.close() }, "Close")));
    this.offerBox = h("div", {});
    this.offerDialog = h("dialog", { class: "dialog", "aria-labelledby": "hs-offer-title" }, this.offerBox);
  }
  open() {
    const { link } = this.app.state;
    this.link.value = link ? `${location.origin}${location.pathname}?${link}` : "This scenario has places of its own: take its file instead.";
    this.sideRow.hidden = this.app.sides < 2;
    this.ownerNote.hidden = !this.app.state.owner?.decided.length;
    setText(this.state, "");
    this.dialog.showModal();
  }
  async copy() {
    this.link.select();
    try { await navigator.clipboard.writeText(this.link.value); } catch { document.execCommand("copy"); }
    setText(this.state, "The link is copied.");
  }
  async upload() {
    const [file] = this.file.files;
    this.fileError.hidden = true;
    if (!file) return;
    if (file.size > LARGEST_UPLOAD) this.refuse({ what: "The file is larger than 256 kB", help: "A scenario sets only what differs." });
    else this.app.send({ do: "upload", text: await file.text() });
    this.file.value = "";
  }
  refuse(message) {
    this.fileError.hidden = false;
    setText(this.fileError, [message.where, message.what, message.help].filter(Boolean).join(" · "));
    if (!this.dialog.open) this.open();
  }
  saved(message, data) {
    setText(this.state, `${message.name} (${number(data.byteLength / 1000, 0)} kB)`);
    save(message.name, message.kind, data);
  }
  offer(message) {
    if (this.dialog.open) this.dialog.close();
    const beside = { "": "", twin: ", beside it the same without automation" }[message.beside] ?? `, beside it ${message.beside}`;
    fill(this.offerBox, h("h2", { id: "hs-offer-title" }, "Open this scenario?"),
      h("p", {}, h("b", {}, message.name), ` – ${message.question}`),
      h("p", {}, `Seed ${message.seed}, month ${number(message.month, 0)}${beside}. A whole run takes about ${number(Math.max(1, message.seconds), 0)} seconds and ${number(message.memory / 1e6, 0)} MB.`),
      message.differences.length ? tableOf(["parameter", "baseline", "here"], message.differences, "What differs from the baseline") : h("p", {}, "Parameters are those of the baseline."),
      message.owner ? h("p", {}, "You are the owner of ", h("b", {}, message.owner.name || "a business"), message.owner.said ? `, with what was decided at ${message.owner.said} reviews.` : ".") : null,
      message.events ? h("p", {}, `${message.events} months in which parameters change.`) : null,
      h("div", { class: "hs-row" }, h("button", { type: "button", class: "go", onclick: () => { this.offerDialog.close(); this.app.send({ do: "accept" }); } }, message.month > -1 ? `Open and run to month ${message.month}` : "Open"),
        h("button", { type: "button", onclick: () => this.offerDialog.close() }, "No, thanks")));
    this.offerDialog.showModal();
  }
}
