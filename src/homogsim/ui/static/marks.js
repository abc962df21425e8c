// How things look: colours for light and dark (Okabe and Ito, lighter on dark), a shape and dashes beside each colour.

const TOOLS = ["none", "generic", "industry", "custom"];
const TOOL_WORDS = { none: "no tool", generic: "generic tool", industry: "industry tool", custom: "custom tool" };
const CHAIN_BIT = 8;

const LOOKS = {
  light: {
    paper: "#ffffff", ink: "#1e2329", muted: "#5a616a", rule: "#e4e3de", town: "#f3f1ea", edge: "#d9d5c8", road: "#c4c1b8",
    arrival: "#8f5600", taste: [120, 110, 90], halo: "#ffffff", focus: "#0b5c8a",
    tools: ["#757575", "#d55e00", "#0072b2", "#009e73"], chain: "#1e2329",
    swap: {},
  },
  dark: {
    paper: "#1b1f24", ink: "#eceae5", muted: "#a9aeb5", rule: "#333940", town: "#252a31", edge: "#3a414a", road: "#4a525c",
    arrival: "#f0b64d", taste: [190, 200, 215], halo: "#1b1f24", focus: "#7cc4f0",
    tools: ["#a3a3a3", "#ff8a3d", "#5db8f2", "#35cfa2"], chain: "#eceae5",
    swap: { "#222222": "#eceae5", "#0072B2": "#5db8f2", "#D55E00": "#ff8a3d", "#009E73": "#35cfa2", "#E69F00": "#f5bd4f", "#A3437C": "#e59ac8", "#8F5600": "#f0b64d", "#757575": "#a3a3a3" },
  },
};

function look() {
  const chosen = document.documentElement.dataset.hsTheme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  return dark ? LOOKS.dark : LOOKS.light;
}

function tint(colour) {
  return look().swap[colour] || colour;
}

function outline(context, kind, x, y, r) {
  context.beginPath();
  if (kind & CHAIN_BIT) {
    for (let k = 0; k < 6; k++) context[k ? "lineTo" : "moveTo"](x + r * Math.cos((k * Math.PI) / 3), y + r * Math.sin((k * Math.PI) / 3));
    context.closePath();
    return;
  }
  switch (kind & 3) {
    case 0: context.arc(x, y, r, 0, 2 * Math.PI); break;
    case 1: context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r); break;
    case 2: context.moveTo(x, y - 1.2 * r); context.lineTo(x + 1.1 * r, y + 0.85 * r); context.lineTo(x - 1.1 * r, y + 0.85 * r); context.closePath(); break;
    default: context.moveTo(x, y - 1.25 * r); context.lineTo(x + 1.25 * r, y); context.lineTo(x, y + 1.25 * r); context.lineTo(x - 1.25 * r, y); context.closePath();
  }
}

function drawFirm(context, style, kind, x, y, r, faint = false) {
  outline(context, kind, x, y, r);
  context.globalAlpha = faint ? 0.16 : 0.86;
  context.fillStyle = kind & CHAIN_BIT ? style.chain : style.tools[kind & 3];
  context.fill();
  context.globalAlpha = 1;
  if (faint) return;
  context.strokeStyle = style.halo;
  context.lineWidth = 1;
  context.stroke();
}

const TEMPLATE_SIZES = [0, 5, 7.5, 4]; // an industry and a custom template may stand in one place

function drawTemplate(context, style, tier, x, y) {
  const r = TEMPLATE_SIZES[tier];
  context.lineCap = "round";
  for (const [width, colour] of [[6, style.ink], [3, style.tools[tier]]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x - r, y - r); context.lineTo(x + r, y + r);
    context.moveTo(x + r, y - r); context.lineTo(x - r, y + r);
    context.stroke();
  }
  context.lineCap = "butt";
}

function toolKey(withTemplates) {
  const items = TOOLS.map((tool, code) => keyItem(code, TOOL_WORDS[tool]));
  items.push(keyItem(CHAIN_BIT, "chain"));
  if (withTemplates) items.push(keyItem(-1, "template"));
  return h("ul", { class: "key", "aria-label": "What the marks mean" }, items);
}

function keyItem(kind, words) {
  const canvas = h("canvas", { width: 32, height: 32, "aria-hidden": "true" });
  canvas.paint = () => {
    const context = canvas.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, 16, 16);
    if (kind < 0) {
      context.setTransform(1.4, 0, 0, 1.4, 5, 5);
      drawTemplate(context, { ...look(), tools: [0, look().paper] }, 1, 8, 8);
    } else drawFirm(context, look(), kind, 8, 8, 5);
  };
  canvas.paint();
  return h("li", { class: "key-item" }, canvas, words);
}

class Sheet {
  // A canvas that fits its box on any screen, and calls `paint(context, width, height)` when asked to draw.
  constructor(label) {
    this.canvas = h("canvas", { class: "sheet", role: "img", "aria-label": label });
    this.box = h("div", { class: "sheet-box" }, this.canvas);
    this.width = this.height = 0;
    new ResizeObserver(() => this.fit()).observe(this.box);
  }
  fit() {
    const { clientWidth: width, clientHeight: height } = this.box;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    if (!width || !height) return;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.resized?.();
    this.draw();
  }
  draw() {
    if (!this.width || !this.box.isConnected) return;
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "12px system-ui, sans-serif";
    this.paint(context, this.width, this.height);
  }
  say(label) {
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
  }
}
