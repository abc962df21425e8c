// Charts over time: panels above each other on one axis of years; a cursor through all of them; A firm, B thin.

function niceTicks(low, high, most) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const raw = span / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= raw * 0.999);
  const ticks = [];
  for (let t = Math.ceil(low / step - 1e-9) * step; t <= high + 1e-9 * step; t += step) ticks.push(Math.abs(t) < 1e-9 * step ? 0 : t);
  return ticks;
}

function tickWords(ticks, form) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(ticks[0]) || 1;
  const places = Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
  const rounded = (value, k) => value.toLocaleString("en-US", { maximumFractionDigits: Math.max(places, (step * 10 ** places) % 1 > 1e-6 ? places + 1 : places) });
  return ticks.map((t) => {
    if (form === "share") return `${rounded(100 * t).replace("-", MINUS)} %`;
    if (form === "money") return Math.max(...ticks.map(Math.abs)) >= 1e4 ? money(t) : (t < 0 ? MINUS : "") + "$" + rounded(Math.abs(t));
    return rounded(t).replace("-", MINUS);
  });
}

const MARGIN = { left: 46, right: 10, top: 8, bottom: 18 };

class SeriesChart extends Sheet {
  constructor(app, chart, columns) {
    super(chart.title);
    Object.assign(this, { app, chart, columns });
    this.canvas.dataset.view = chart.name;
    this.canvas.addEventListener("pointermove", (event) => app.pointAt(this.monthAt(event)));
    this.canvas.addEventListener("pointerleave", () => app.pointAt(null));
    this.key = h("ul", { class: "key series-key" });
    this.items = chart.panels.flatMap((panel) => panel.lines.map((line) => this.item(line, panel.form)));
    fill(this.key, this.items.map((item) => item.row));
  }
  item(line, form) {
    const swatch = h("canvas", { width: 44, height: 16, "aria-hidden": "true" }), value = h("b", {}, "–");
    const meaning = this.app.meanings[line.metric];
    const row = h("li", { class: "key-item", title: meaning ? `${meaning.meaning} (${meaning.unit})` : "" }, swatch, line.label + " ", value);
    return { line, form, swatch, value, row, at: this.columns.indexOf(line.metric) + 1 };
  }
  paintKey() {
    for (const { swatch, line } of this.items) {
      const context = swatch.getContext("2d");
      context.setTransform(2, 0, 0, 2, 0, 0);
      context.clearRect(0, 0, 22, 8);
      context.setLineDash(line.dash); context.strokeStyle = tint(line.colour); context.lineWidth = 2;
      context.beginPath(); context.moveTo(1, 4); context.lineTo(21, 4); context.stroke();
    }
  }
  monthAt(event) {
    const box = this.canvas.getBoundingClientRect(), [low, high] = this.app.span();
    const part = (event.clientX - box.left - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right);
    return part < -0.02 || part > 1.02 ? null : Math.round(low + part * (high - low));
  }
  rowAt(side, month) {
    const rows = this.app.rows[side];
    if (!rows || !rows.length) return null;
    if (month === null || month === undefined) return rows[rows.length - 1];
    let best = null;
    for (const row of rows) if (row[0] <= month) best = row;
    return best;
  }
  update() {
    const month = this.app.cursor ?? this.app.viewed, difference = this.app.showsDifference();
    for (const item of this.items) {
      const a = this.rowAt(0, month)?.[item.at], b = this.rowAt(1, month)?.[item.at];
      const words = difference ? signed(a - b, item.form) : this.app.sides > 1 ? `${written(a, item.form)} | ${written(b, item.form)}` : written(a, item.form);
      setText(item.value, words);
    }
  }
  say() {
    const parts = this.items.map((item) => {
      const a = this.rowAt(0)?.[item.at], b = this.rowAt(1)?.[item.at];
      return `${item.line.label} ${written(a, item.form)}` + (this.app.sides > 1 ? ` in A, ${written(b, item.form)} in B` : "");
    });
    super.say(`${this.chart.title} in month ${this.app.now}: ${parts.join("; ")}. The table beside the title has the values.`);
  }
  values(side, at) {
    const difference = this.app.showsDifference(), other = this.app.rows[1] || [];
    return (this.app.rows[side] || []).map((row, k) => [row[0], difference ? row[at] - (other[k] ? other[k][at] : NaN) : row[at]]);
  }
  paint(context, width, height) {
    const style = look(), [low, high] = this.app.span(), inner = width - MARGIN.left - MARGIN.right;
    const x = (month) => MARGIN.left + (inner * (month - low)) / Math.max(1, high - low);
    const heights = this.chart.panels.map((_, k) => (k === 0 ? 1.35 : 1)), whole = heights.reduce((a, b) => a + b, 0);
    const room = height - MARGIN.top - MARGIN.bottom - 12 * (heights.length - 1);
    let top = MARGIN.top;
    this.chart.panels.forEach((panel, k) => {
      const tall = (room * heights[k]) / whole;
      this.panel(context, style, panel, x, top, tall, width);
      top += tall + 12;
    });
    this.years(context, style, x, low, high, height);
    const month = this.app.cursor ?? (this.app.viewed !== null ? this.app.viewed : null);
    if (month !== null) {
      context.strokeStyle = style.muted; context.lineWidth = 1; context.setLineDash([]);
      context.beginPath(); context.moveTo(x(month), MARGIN.top); context.lineTo(x(month), height - MARGIN.bottom); context.stroke();
    }
    this.update();
  }
  years(context, style, x, low, high, height) {
    context.fillStyle = style.muted; context.textAlign = "center"; context.textBaseline = "alphabetic"; context.font = "11px system-ui, sans-serif";
    const ticks = niceTicks(low / 12, high / 12, Math.max(3, this.width / 70)).filter((t) => t % 1 === 0 || high - low < 30);
    ticks.forEach((t, k) => context.fillText(number(t, t % 1 ? 1 : 0) + (k === ticks.length - 1 ? " yr" : ""), Math.min(x(12 * t), this.width - 14), height - 4));
    context.strokeStyle = style.arrival; context.lineWidth = 1.5; context.setLineDash([]);
    context.beginPath(); context.moveTo(x(0), MARGIN.top - 4); context.lineTo(x(0), height - MARGIN.bottom); context.stroke();
  }
  panel(context, style, panel, x, top, tall, width) {
    const difference = this.app.showsDifference(), sides = difference || this.app.sides < 2 ? [0] : [1, 0];
    const lines = panel.lines.map((line) => ({ line, at: this.columns.indexOf(line.metric) + 1 }));
    const drawn = sides.flatMap((side) => lines.map(({ line, at }) => ({ side, line, values: this.values(side, at) })));
    const bands = this.app.bandsOf ? lines.flatMap(({ line }) => this.app.bandsOf(line.metric, difference)) : [];
    let [low, high] = [Infinity, -Infinity];
    for (const { values } of drawn) for (const [, v] of values) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    for (const band of bands) for (const part of [band.low, band.high]) for (const v of part) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (difference) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
    if (panel.form === "share" && !difference) [low, high] = [0, Math.max(high, 0.1)];
    if (!Number.isFinite(low)) { this.empty(context, style, top, tall, width); return; }
    const least = Math.max(Math.abs(high), Math.abs(low)) * (difference ? 0.01 : 0.04) || 1;
    if (high - low < least) { const middle = (low + high) / 2; [low, high] = [middle - least / 2, middle + least / 2]; }
    const pad = panel.form === "share" && !difference ? 0 : 0.07 * (high - low);
    const y = (v) => top + tall - (tall * (v - low + pad)) / (high - low + 2 * pad);
    this.grid(context, style, niceTicks(low, high, Math.max(2, tall / 21)), panel.form, y, width);
    for (const band of bands) this.band(context, band, x, y);
    for (const { side, line, values } of drawn) this.line(context, line, values, x, y, side === 1);
  }
  empty(context, style, top, tall, width) {
    context.fillStyle = style.muted; context.textAlign = "center"; context.textBaseline = "middle";
    context.fillText(this.app.town === null ? "nothing is recorded yet" : "nothing to measure", width / 2, top + tall / 2);
  }
  grid(context, style, ticks, form, y, width) {
    const words = tickWords(ticks, form);
    context.setLineDash([]); context.lineWidth = 1; context.textAlign = "right"; context.textBaseline = "middle"; context.font = "11px system-ui, sans-serif";
    ticks.forEach((t, k) => {
      context.strokeStyle = t === 0 && ticks[0] < 0 ? style.muted : style.rule;
      context.beginPath(); context.moveTo(MARGIN.left, Math.round(y(t)) + 0.5); context.lineTo(width - MARGIN.right, Math.round(y(t)) + 0.5); context.stroke();
      context.fillStyle = style.muted; context.fillText(words[k], MARGIN.left - 5, y(t));
    });
  }
  band(context, band, x, y) {
    context.beginPath();
    let open = false;
    band.month.forEach((m, k) => { if (Number.isFinite(band.low[k])) { context[open ? "lineTo" : "moveTo"](x(m), y(band.high[k])); open = true; } });
    for (let k = band.month.length - 1; k >= 0; k--) if (Number.isFinite(band.low[k])) context.lineTo(x(band.month[k]), y(band.low[k]));
    context.closePath();
    context.globalAlpha = band.side === 1 ? 0.12 : 0.24; context.fillStyle = tint(this.colourOf(band.metric)); context.fill(); context.globalAlpha = 1;
  }
  colourOf(metric) {
    return this.items.find((item) => item.line.metric === metric).line.colour;
  }
  line(context, line, values, x, y, thin) {
    context.strokeStyle = tint(line.colour); context.lineWidth = thin ? 1 : 2; context.globalAlpha = thin ? 0.75 : 1;
    context.setLineDash(line.dash.map((d) => (thin ? d * 0.7 : d))); context.lineJoin = "round";
    context.beginPath();
    let open = false;
    for (const [m, v] of values) {
      if (!Number.isFinite(v)) { continue; }
      context[open ? "lineTo" : "moveTo"](x(m), y(v));
      open = true;
    }
    context.stroke(); context.setLineDash([]); context.globalAlpha = 1;
  }
  table() {
    const rows = this.app.rows[0] || [], other = this.app.rows[1] || [], two = this.app.sides > 1;
    const head = ["month", ...this.items.flatMap((item) => (two ? [`${item.line.label}, A`, `${item.line.label}, B`, "A \u2212 B"] : [item.line.label]))];
    const shown = rows.map((row, k) => [row, other[k]]).filter(([row], k) => row[0] % 12 === 0 || row[0] === -1 || k === rows.length - 1);
    return tableOf(head, shown.map(([a, b]) => [number(a[0], 0), ...this.items.flatMap(({ at, form }) => (two ? [written(a[at], form), written(b?.[at], form), signed(a[at] - (b ? b[at] : NaN), form)] : [written(a[at], form)]))]));
  }
}
