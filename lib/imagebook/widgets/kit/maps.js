// The maps of a layer side by side on one canvas.

import { element } from "./dom.js";
import { position } from "./drag.js";

// Okabe and Ito's blue for numbers above zero, vermilion below, white for zero; and black to white.
const SIGNED = palette((value) => (value < 0 ? [213, 94, 0] : [0, 114, 178]).map((end) => 255 + (end - 255) * Math.abs(value)));
const GREY = palette((value) => Array(3).fill(255 * Math.max(0, value)));

/**
 * Return {element, draw, mark, read} of a canvas of maps {height, width, channels, data}.
 *   draw(maps, {columns, channel, grey})   all maps, `columns` in a row, or only `channel`; the largest number, which `draw`
 *                                          returns, is darkest
 *   read()              the numbers of the one map that is shown, {height, width, data}
 *   mark(index, [row, column, edge])       frame a map, or a square of cells in it; -1: frame nothing
 * `pick(channel, row, column)` hears of what the reader points at, with `drag` while the pointer moves, too.
 */
export function mapCanvas({ label, pick, drag = false }) {
  const canvas = element("canvas", { class: "ib-pixels" });
  const frame = element("span", { class: "ib-map-frame" });
  const outer = element("div", { class: "ib-maps", role: "img", "aria-label": label }, canvas, frame);
  const context = canvas.getContext("2d");
  let image = null;
  let size = { height: 1, width: 1, columns: 1, count: 1, gap: 0 };
  let shown = null;

  const draw = ({ height, width, channels, data }, { columns = 1, channel = -1, grey = false } = {}) => {
    shown = () => ({ height, width, data: Array.from({ length: height * width }, (_, i) => data[i * channels + Math.max(channel, 0)]) });
    const count = channel < 0 ? channels : 1;
    const gap = count > 1 ? Math.ceil(width / 13) : 0;
    const [across, down] = [columns * (width + gap) - gap, Math.ceil(count / columns) * (height + gap) - gap];
    if (image === null || canvas.width !== across || canvas.height !== down) {
      [canvas.width, canvas.height] = [across, down];
      image = context.createImageData(across, down);
    }
    size = { height, width, columns, count, gap };
    let high = 0;
    for (let i = 0; i < data.length; i++) high = Math.max(high, Math.abs(data[i]));
    const colours = grey ? GREY : SIGNED;
    const scale = grey ? 255 : 255 / (high || 1);
    const pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < count; k++) {
      const first = Math.floor(k / columns) * (height + gap) * across + (k % columns) * (width + gap);
      for (let r = 0, at = Math.max(channel, 0) + k; r < height; r++) {
        for (let c = 0; c < width; c++, at += channels) pixels[first + r * across + c] = colours[255 + Math.round(data[at] * scale)];
      }
    }
    context.putImageData(image, 0, 0);
    return high;
  };

  const mark = (index, [row, column, edge] = [0, 0, 0]) => {
    frame.hidden = index < 0;
    if (frame.hidden) return;
    const left = (index % size.columns) * (size.width + size.gap) + column;
    const top = Math.floor(index / size.columns) * (size.height + size.gap) + row;
    frame.style.left = `${(100 * left) / canvas.width}%`;
    frame.style.top = `${(100 * top) / canvas.height}%`;
    frame.style.width = `${(100 * (edge || size.width)) / canvas.width}%`;
    frame.style.height = `${(100 * (edge || size.height)) / canvas.height}%`;
  };

  const point = (event) => {
    const [x, y] = position(event, canvas, [canvas.width, canvas.height]).map((value) => Math.max(0, Math.floor(value)));
    const [column, row] = [Math.floor(x / (size.width + size.gap)), Math.floor(y / (size.height + size.gap))];
    const index = Math.min(row * size.columns + Math.min(column, size.columns - 1), size.count - 1);
    const inside = (value, length) => Math.min(value % (length + size.gap), length - 1);
    if (size.count === 1) pick(0, Math.min(y, size.height - 1), Math.min(x, size.width - 1));
    else pick(index, inside(y, size.height), inside(x, size.width));
  };
  if (pick) {
    let held = false;
    outer.classList.add("ib-maps-pick");
    outer.addEventListener(drag ? "pointerdown" : "click", (event) => {
      if (event.button !== 0) return;
      point(event);
      if (drag) {
        held = true;
        outer.setPointerCapture(event.pointerId);
      }
    });
    if (drag) {
      outer.style.touchAction = "none";
      outer.addEventListener("pointermove", (event) => held && point(event));
      for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) outer.addEventListener(end, () => (held = false));
    }
  }
  return { element: outer, draw, mark, read: () => shown() };
}

/** Return 511 colours for numbers from -1 to 1, as canvases hold them. */
function palette(colour) {
  const bytes = new Uint8ClampedArray(4 * 511);
  for (let i = 0; i < 511; i++) bytes.set([...colour((i - 255) / 255), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}
