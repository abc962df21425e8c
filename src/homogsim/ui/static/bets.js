// Predict first: bets before the run, and beside them what came out.

class Bets {
  constructor(app) {
    this.app = app;
    this.fields = app.hello.questions.map((q) => ({ q, id: freshId("bet"), error: h("p", { class: "wrong", role: "alert", hidden: true }) }));
    for (const f of this.fields) f.input = h("input", { type: "text", inputmode: "decimal", id: f.id, class: "narrow", autocomplete: "off", required: true, "aria-label": f.q.ask });
    this.who = h("input", { type: "text", id: "hs-who", maxlength: "40", autocomplete: "off" });
    this.result = h("div", { "aria-live": "polite" });
    this.dialog = h("dialog", { class: "dialog", "aria-labelledby": "hs-bets-title" },
      h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); this.bet(); } },
        h("h2", { id: "hs-bets-title" }, "Predict first"),
        h("p", {}, "What will this market look like when it ends? Bet now; the page shows bet against outcome at the end. Changes are from the year before automation to the last two years."),
        this.fields.map((f) => h("div", { class: "bet" }, h("label", { for: f.id }, f.q.ask), h("span", {}, f.input, f.q.is_change ? " %" : ""), f.error)),
        h("div", { class: "bet" }, h("label", { for: "hs-who" }, "Name or initials, for the class (optional)"), this.who),
        h("div", { class: "hs-row" }, h("button", { type: "submit", class: "go" }, "Place bets"), h("button", { type: "button", onclick: () => this.dialog.close() }, "Close"),
          h("button", { type: "button", class: "quiet", onclick: () => app.send({ do: "download", what: "class" }) }, "Bets of the class (CSV)")),
        this.result));
  }
  open() { this.dialog.showModal(); }
  bet() {
    const bets = {};
    for (const f of this.fields) {
      f.error.hidden = true;
      const words = f.input.value.trim().replace(MINUS, "-").replace(/^\+/, "");
      bets[f.q.name] = words === "" ? null : Number(words);
    }
    this.app.send({ do: "bet", bets, who: this.who.value });
  }
  refuse(message) {
    const field = this.fields.find((f) => f.q.name === message.where);
    if (!field) {
      fill(this.result, h("p", { class: "wrong", role: "alert" }, `${message.what}. ${message.help}`));
      return true;
    }
    field.error.hidden = false;
    setText(field.error, `${message.what}. ${message.help}`);
    field.input.focus();
    return true;
  }
  placed(bets) {
    if (!Object.keys(bets).length || this.placedAs === JSON.stringify(bets)) return;
    this.placedAs = JSON.stringify(bets);
    fill(this.result, h("p", { class: "good" }, "Bets are placed. Play the market to its end."));
    if (this.dialog.open) this.dialog.close();
  }
  outcome(data) {
    const bets = this.app.state.bets, unit = (q, v) => (v === null ? "not defined" : `${number(v, 1)}${q.is_change ? " %" : " of 100"}`);
    const rows = this.fields.map(({ q }) => {
      const came = data[q.name], off = came === null ? null : Math.abs(bets[q.name] - came);
      const verdict = off === null ? "–" : q.is_change && Math.sign(Math.round(bets[q.name])) !== Math.sign(Math.round(came)) ? "other direction" : off <= 2 ? "close" : "right direction";
      return [q.ask.replace(" …", ""), unit(q, bets[q.name]), unit(q, came), off === null ? "–" : `${number(off, 1)} points off`, q.is_change || off === null ? verdict : off <= 5 ? "close" : bets[q.name] > came ? "too high" : "too low"];
    });
    fill(this.result, tableOf(["", "bet", "outcome", "", "verdict"], rows, "Bets and what came out"));
    if (!this.dialog.open) this.dialog.showModal();
  }
}
