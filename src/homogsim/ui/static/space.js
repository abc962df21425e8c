// The offering space in one projection for the whole run: tastes as ground, templates as crosses, trails of the lit one.

class OfferingSpace extends FirmSheet {
  constructor(app, side) {
    super(app, side, "Offering space");
    this.canvas.dataset.view = `space-${side}`;
  }
  frameOf(world) {
    const [left, right, bottom, top] = world.corners;
    const scale = Math.min(this.width / (right - left), this.height / (top - bottom));
    const [dx, dy] = [(this.width - scale * (right - left)) / 2, (this.height - scale * (top - bottom)) / 2];
    return { scale, x: (x) => dx + scale * (x - left), y: (y) => this.height - dy - scale * (y - bottom) };
  }
  paint(context) {
    const world = this.app.worlds[this.side], frame = this.app.frames[this.side], style = look();
    if (!world) return;
    const to = this.frameOf(world);
    this.ground(context, style, world, to);
    this.places = [];
    if (!frame) return;
    this.trail(context, style, to);
    this.firms(context, style, world, frame, to);
    const marks = this.app.templates[this.side] || [];
    const seen = new Set();
    const order = [...world.tiers.keys()].sort((a, b) => TEMPLATE_SIZES[world.tiers[b]] - TEMPLATE_SIZES[world.tiers[a]]);
    for (const k of order) {
      const tier = world.tiers[k];
      const [x, y] = [to.x(marks[2 * k]), to.y(marks[2 * k + 1])], place = `${tier} ${Math.round(x)} ${Math.round(y)}`;
      if (this.app.offered(this.side, tier) && !seen.has(place)) drawTemplate(context, style, tier, x, y);
      seen.add(place);
    }
    this.sign(context, style);
  }
  ground(context, style, world, to) {
    const [left, right, bottom, top] = world.corners;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.shade(style, world), to.x(left), to.y(top), to.scale * (right - left), to.scale * (top - bottom));
  }
  shade(style, world) {
    // How many people's tastes lie where: one small picture for the whole run, stretched smoothly.
    if (this.shaded?.world === world && this.shaded.style === style) return this.shaded.picture;
    const n = world.grid, most = Math.max(...world.tastes, 1), picture = h("canvas", { width: n, height: n });
    const image = new ImageData(n, n);
    world.tastes.forEach((count, k) => {
      const row = n - 1 - Math.floor(k / n), at = 4 * (row * n + (k % n));
      image.data.set([...style.taste, Math.round(56 * (count / most))], at);
    });
    picture.getContext("2d").putImageData(image, 0, 0);
    this.shaded = { world, style, picture };
    return picture;
  }
  trail(context, style, to) {
    const steps = this.app.trailOf(this.side);
    if (!steps || steps.length < 2) return;
    context.beginPath();
    steps.forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](to.x(x), to.y(y)));
    context.lineWidth = 4; context.strokeStyle = style.halo; context.stroke();
    context.lineWidth = 2; context.strokeStyle = style.ink; context.stroke();
    const [x, y] = steps[0];
    context.beginPath(); context.arc(to.x(x), to.y(y), 3.5, 0, 7); context.fillStyle = style.ink; context.fill();
  }
  firms(context, style, world, frame, to) {
    const town = this.app.town, r = Math.max(2.6, Math.min(5, 5 * Math.sqrt(250 / Math.max(250, frame.n))));
    let lit = null, own = null;
    for (let k = 0; k < frame.n; k++) {
      const [x, y] = [to.x(frame.across[k]), to.y(frame.up[k])];
      const faint = town !== null && world.siteTown[siteOf(frame.uid[k])] !== town;
      drawFirm(context, style, frame.kind[k], x, y, r, faint);
      if (!faint) this.places.push([frame.uid[k], x, y]);
      if (this.app.isLit(this.side, frame.uid[k])) lit = [x, y, r];
      if (this.app.ownUid(this.side) === frame.uid[k]) own = [x, y, r];
    }
    if (own) this.mine(context, style, ...own);
    if (lit) this.ring(context, style, ...lit);
  }
  table() {
    const world = this.app.worlds[this.side], frame = this.app.frames[this.side];
    if (!world || !frame) return null;
    const order = [...frame.uid.keys()].filter((k) => this.app.town === null || world.siteTown[siteOf(frame.uid[k])] === this.app.town);
    order.sort((a, b) => frame.sales[b] - frame.sales[a]);
    const rows = order.slice(0, 300).map((k) => {
      const site = siteOf(frame.uid[k]), tool = frame.kind[k] & CHAIN_BIT ? "chain" : TOOL_WORDS[TOOLS[frame.kind[k] & 3]];
      return [`${site}`, world.names[world.siteTown[site]], `${world.siteSector[site]}`, tool, number(frame.across[k], 2), number(frame.up[k], 2), number(frame.sales[k], 0), money(frame.price[k])];
    });
    return tableOf(["storefront", "town", "sector", "tool", "across", "up", "sold a month", "price"], rows);
  }
}
