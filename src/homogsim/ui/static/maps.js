// The town map: discs, roads, businesses by tool (colour and shape) and sales (area). A click on a town filters to it.

function decode(data, head) {
  const n = head.firms, bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), columns = {};
  COLUMN_NAMES.forEach((name, k) => { columns[name] = new Float32Array(bytes, 4 * k * n, n); });
  const words = COLUMN_NAMES.length;
  return { month: head.month, n, ...columns, uid: new Int32Array(bytes, 4 * words * n, n), kind: new Uint8Array(bytes, 4 * (words + 1) * n, n) };
}

const COLUMN_NAMES = ["across", "up", "sales", "price", "profit", "cash", "contact"];
const siteOf = (uid) => Math.floor(uid / 4096);

function radius(sales, largest, n, scale) {
  const most = scale * Math.min(1, Math.sqrt(300 / Math.max(60, n)));
  return Math.max(2.2, most * Math.sqrt(Math.max(0, sales) / Math.max(1, largest)));
}

class FirmSheet extends Sheet {
  // What the town map and the offering space share: which business is under the pointer, and which one is lit.
  constructor(app, side, label) {
    super(label);
    Object.assign(this, { app, side, places: [] });
    this.canvas.addEventListener("pointermove", (event) => app.hover(side, this.at(event), event));
    this.canvas.addEventListener("pointerleave", () => app.hover(side, null));
    this.canvas.addEventListener("click", (event) => this.clicked(event));
  }
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null, nearest = 144;
    for (const [uid, px, py] of this.places) {
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < nearest) [nearest, best] = [distance, uid];
    }
    return best;
  }
  clicked(event) {
    const uid = this.at(event);
    if (uid !== null) this.app.pin(this.side, uid);
    else this.missed?.(event);
  }
  mine(context, style, x, y, r) {
    // The user's own business: ringed in the page's colour, with its name drawn last of all.
    this.signed = [x, y, r];
    for (const [width, colour] of [[6, style.halo], [3, style.focus]]) {
      context.lineWidth = width; context.strokeStyle = colour; context.setLineDash([]);
      context.beginPath(); context.arc(x, y, r + 4, 0, 7); context.stroke();
    }
  }
  sign(context, style) {
    if (!this.signed) return;
    const [x, y, r] = this.signed, name = this.app.owner.name, words = name.length > 24 ? `${name.slice(0, 23)}…` : name;
    this.signed = null;
    context.font = "700 12px system-ui, sans-serif"; context.textAlign = "center"; context.textBaseline = "middle"; context.lineJoin = "round";
    const half = context.measureText(words).width / 2 + 3, px = Math.min(this.width - half, Math.max(half, x)), py = y - r - 14 > 8 ? y - r - 14 : y + r + 14;
    context.lineWidth = 5; context.strokeStyle = style.halo; context.strokeText(words, px, py);
    context.fillStyle = style.focus; context.fillText(words, px, py);
  }
  ring(context, style, x, y, r) {
    context.lineWidth = 5; context.strokeStyle = style.halo;
    context.beginPath(); context.arc(x, y, r + 5, 0, 7); context.stroke();
    context.lineWidth = 2.5; context.strokeStyle = style.ink;
    context.beginPath(); context.arc(x, y, r + 5, 0, 7); context.stroke();
  }
}

const NAME_PLACES = [[0, 1.08], [0, -1.08], [-1.02, 0.4], [1.02, 0.4], [-1.02, -0.4], [1.02, -0.4], [-1.02, 0], [1.02, 0]];
// Where a town's name may stand, in radii from its centre, best first.

class TownMap extends FirmSheet {
  constructor(app, side) {
    super(app, side, "Town map");
    this.canvas.dataset.view = `map-${side}`;
  }
  frameOf(world) {
    const [xs, ys] = [world.towns.map((t) => t[0]), world.towns.map((t) => t[1])];
    const margin = world.radius * 1.2;
    const [left, right] = [Math.min(...xs) - margin, Math.max(...xs) + margin];
    const [bottom, top] = [Math.min(...ys) - margin, Math.max(...ys) + margin];
    const scale = Math.min(this.width / (right - left), this.height / (top - bottom));
    const [dx, dy] = [(this.width - scale * (right - left)) / 2, (this.height - scale * (top - bottom)) / 2];
    return { scale, x: (x) => dx + scale * (x - left), y: (y) => this.height - dy - scale * (y - bottom) };
  }
  missed(event) {
    const world = this.app.worlds[this.side], box = this.canvas.getBoundingClientRect(), to = this.frameOf(world);
    const found = world.towns.findIndex(([x, y]) => Math.hypot(to.x(x) - event.clientX + box.left, to.y(y) - event.clientY + box.top) < to.scale * world.radius);
    this.app.chooseTown(found < 0 || found === this.app.town ? null : found);
  }
  paint(context) {
    const world = this.app.worlds[this.side], frame = this.app.frames[this.side], style = look();
    if (!world) return;
    const to = this.frameOf(world), town = this.app.town;
    context.strokeStyle = style.road; context.lineWidth = 2;
    for (const [a, b] of world.roads) {
      context.beginPath();
      context.moveTo(to.x(world.towns[a][0]), to.y(world.towns[a][1]));
      context.lineTo(to.x(world.towns[b][0]), to.y(world.towns[b][1]));
      context.stroke();
    }
    world.towns.forEach(([x, y], k) => {
      context.beginPath(); context.arc(to.x(x), to.y(y), to.scale * world.radius, 0, 7);
      context.fillStyle = style.town; context.fill();
      context.strokeStyle = k === town ? style.focus : style.edge; context.lineWidth = k === town ? 3 : 1; context.stroke();
    });
    this.places = [];
    if (frame) this.firms(context, style, world, frame, to, town);
    this.names(context, style, world, to);
    this.sign(context, style);
  }
  firms(context, style, world, frame, to, town) {
    const order = [...frame.kind.keys()].sort((a, b) => frame.sales[b] - frame.sales[a]);
    const scale = Math.max(4, Math.min(11, to.scale * world.radius * 0.16));
    let lit = null, own = null;
    for (const k of order) {
      const site = siteOf(frame.uid[k]), [x, y] = [to.x(world.site[2 * site]), to.y(world.site[2 * site + 1])];
      const r = radius(frame.sales[k], world.largest_sales, frame.n, scale);
      const faint = town !== null && world.siteTown[site] !== town;
      drawFirm(context, style, frame.kind[k], x, y, r, faint);
      if (!faint) this.places.push([frame.uid[k], x, y]);
      if (this.app.isLit(this.side, frame.uid[k])) lit = [x, y, r];
      if (this.app.ownUid(this.side) === frame.uid[k]) own = [x, y, r];
    }
    if (own) this.mine(context, style, ...own);
    if (lit) this.ring(context, style, ...lit);
  }
  names(context, style, world, to) {
    if (world.towns.length > 60) return;
    context.textAlign = "center"; context.textBaseline = "middle";
    context.font = "600 11px system-ui, sans-serif"; context.lineJoin = "round";
    const taken = [], r = to.scale * world.radius;
    world.towns.forEach(([x, y], k) => {
      const words = world.towns.length > 12 && world.names[k] === `town ${k}` ? `${k}` : world.names[k], half = context.measureText(words).width / 2 + 2;
      const places = NAME_PLACES.map(([east, north]) => [Math.min(this.width - half, Math.max(half, to.x(x) + east * (r + (Math.abs(east) > 0.8 ? half : 0)))), Math.min(this.height - 8, Math.max(8, to.y(y) - north * r))]);
      const free = places.filter(([px, py]) => !taken.some(([ox, oy, other]) => Math.abs(ox - px) < half + other && Math.abs(oy - py) < 14));
      const inside = ([px, py]) => world.towns.filter(([tx, ty], n) => n !== k && Math.hypot(to.x(tx) - px, to.y(ty) - py) < r).length;
      const [px, py] = (free.length ? free : places).reduce((best, place) => (inside(place) < inside(best) ? place : best));
      taken.push([px, py, half]);
      context.lineWidth = 4; context.strokeStyle = style.halo; context.strokeText(words, px, py);
      context.fillStyle = style.ink; context.fillText(words, px, py);
    });
  }
  table() {
    const world = this.app.worlds[this.side], frame = this.app.frames[this.side];
    if (!world || !frame) return null;
    const counts = world.towns.map(() => [0, 0, 0, 0, 0, 0]);
    frame.uid.forEach((uid, k) => {
      const row = counts[world.siteTown[siteOf(uid)]];
      row[frame.kind[k] & CHAIN_BIT ? 4 : frame.kind[k] & 3]++;
      row[5] += frame.sales[k];
    });
    const head = ["town", ...TOOLS.map((tool) => TOOL_WORDS[tool]), "chain", "sold a month"];
    return tableOf(head, counts.map((row, k) => [world.names[k], ...row.slice(0, 5).map((n) => `${n}`), number(row[5], 0)]));
  }
}
