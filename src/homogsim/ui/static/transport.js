// Play, pause, step, reset, speed, run to a month, and the scrubber over the months that have been run.

const PACE_WORDS = { slow: "4 months/second", walk: "12 months/second", play: "24 months/second", run: "1 month/frame", quarter: "3 months/frame", year: "12 months/frame" };

class Transport {
  constructor(app) {
    this.app = app;
    const button = (words, label, onclick, kind = "") => h("button", { type: "button", class: kind, title: label, onclick }, words);
    this.play = button("Play", "Play or pause (space)", () => app.playOrPause(), "go play");
    this.step = button("Step", "Run one month (s)", () => app.send({ do: "step" }));
    this.reset = button("Reset", "Back to the month before automation arrives (r)", () => app.send({ do: "restart" }));
    this.start = button("From the start", "Run again from the beginning of the world, with the years in which it settles", () => app.send({ do: "restart", from_start: true }), "quiet");
    this.pace = h("select", { "aria-label": "Speed", onchange: () => app.send({ do: "pace", pace: this.pace.value }) }, app.hello.paces.map((p) => h("option", { value: p }, PACE_WORDS[p])));
    this.to = h("input", { type: "text", inputmode: "numeric", class: "narrow", "aria-label": "Run to month", autocomplete: "off", value: "" });
    this.form = h("form", { class: "run-to", onsubmit: (event) => { event.preventDefault(); this.runTo(); } }, h("button", { type: "submit" }, "Run to month"), this.to);
    this.month = h("output", { class: "month" });
    this.words = h("span", { class: "month-words" });
    this.scrubber = h("input", { type: "range", class: "scrubber", min: "-1", max: "-1", value: "-1", "aria-label": "Month shown, of those already run" });
    this.scrubber.addEventListener("input", () => app.view(Number(this.scrubber.value)));
    this.bar = h("progress", { max: "1", value: "0", "aria-label": "Progress" });
    this.what = h("span", {});
    this.progress = h("div", { class: "progress", hidden: true }, this.what, this.bar);
    this.element = h("section", { class: "transport", "aria-label": "Run" },
      h("div", { class: "hs-row" }, this.play, this.step, this.reset, this.start, this.pace, this.form, h("p", { class: "now" }, this.month, this.words)),
      app.question,
      h("div", { class: "hs-row scrub" }, this.scrubber), this.progress);
  }
  runTo() {
    const month = Number.parseInt(this.to.value, 10);
    if (!Number.isFinite(month) || month <= this.app.now) {
      this.to.setAttribute("aria-invalid", "true");
      this.app.alert(`Run to a month after ${number(this.app.now, 0)} and not after ${number(this.app.state.last, 0)}.`, "The scrubber goes back.");
      return;
    }
    this.to.setAttribute("aria-invalid", "false");
    this.app.send({ do: "play", to: Math.min(month, this.app.state.last) });
  }
  show(state) {
    const playing = state.mode === "playing", ready = playing || state.mode === "paused";
    setText(this.play, playing ? "Pause" : state.mode === "ended" ? "Ended" : "Play");
    this.play.disabled = !ready;
    this.step.disabled = !ready;
    this.reset.disabled = this.start.disabled = state.mode === "opening";
    if (document.activeElement !== this.pace) this.pace.value = state.pace;
    if (!this.to.value && document.activeElement !== this.to) this.to.placeholder = `${state.last}`;
    this.progress.hidden = state.mode !== "opening";
  }
  showMonth(month, first, now, tools) {
    setText(this.month, `Month ${number(month, 0)}`);
    setText(this.words, month < now ? `looking back from month ${number(now, 0)}` : monthWords(month, tools));
    Object.assign(this.scrubber, { min: `${first}`, max: `${now}` });
    if (document.activeElement !== this.scrubber || month === now) this.scrubber.value = `${month}`;
    this.scrubber.setAttribute("aria-valuetext", `month ${month}, ${monthWords(month, tools)}`);
    this.scrubber.style.setProperty("--part", now > first ? `${(100 * (month - first)) / (now - first)}%` : "100%");
  }
  showProgress(message) {
    this.progress.hidden = false;
    setText(this.what, message.what);
    this.bar.value = Math.max(0, Math.min(1, message.share));
  }
}
