// A digit to play with: drawn by the reader, picked from MNIST, or read from a photograph.

import { button } from "./controls.js";
import { clamp, position } from "./drag.js";
import { element } from "./dom.js";
import { fileButton, pixelCanvas, toGrey } from "./pixels.js";
import { fromBase64, toBase64 } from "./state.js";
import { say } from "./text.js";

const SIDE = 28;

/** Return the digit of the state as 784 numbers from 0 to 1. */
export function digitOf(context, name) {
  return Float32Array.from(fromBase64(context.get(name)), (byte) => byte / 255);
}

/** Set the digit of the state from 784 numbers from 0 to 1. */
export function setDigit(context, name, pixels) {
  context.set({ [name]: toBase64(Uint8Array.from(pixels, (value) => Math.round(255 * clamp(value, 0, 1)))) });
}

/**
 * Return an element in which the reader draws a digit, wipes it out, picks another from the digits asset, or opens
 * a file. `name` is a value of the state that holds 28 x 28 pixels. Keys: arrows move a cursor, Space draws, Delete
 * rubs out.
 */
export function digitPad(context, name, { label = say("Drawing pad") } = {}) {
  const { element: canvas, draw } = pixelCanvas({ height: SIDE, width: SIDE, label });
  const cursor = element("span", { class: "ib-cursor", hidden: true });
  const surface = element("div", { class: "ib-pad", tabindex: 0, role: "application", "aria-label": say("{label}: arrow keys move, Space draws, Delete rubs out", { label }) }, canvas, cursor);
  surface.style.touchAction = "none";
  let place = [SIDE / 2, SIDE / 2];
  let last = null;

  const dab = (x, y, ink) => {
    const pixels = digitOf(context, name);
    brush(pixels, x, y, ink);
    setDigit(context, name, pixels);
  };
  const line = (from, to) => {
    const pixels = digitOf(context, name);
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
    for (let step = 1; step <= steps; step++) {
      const part = step / steps;
      brush(pixels, from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part, 1);
    }
    setDigit(context, name, pixels);
  };
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    event.preventDefault();
    surface.focus({ preventScroll: true });
    cursor.hidden = true;
    last = position(event, canvas, [SIDE, SIDE]);
    dab(...last, 1);
  });
  surface.addEventListener("pointermove", (event) => {
    if (!last) return;
    const now = position(event, canvas, [SIDE, SIDE]);
    line(last, now);
    last = now;
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) surface.addEventListener(end, () => (last = null));
  surface.addEventListener("keydown", (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const ink = { " ": 1, Enter: 1, Delete: 0, Backspace: 0 }[event.key];
    if (!dx && !dy && ink === undefined) return;
    event.preventDefault();
    place = [clamp(place[0] + dx, 0.5, SIDE - 0.5), clamp(place[1] + dy, 0.5, SIDE - 0.5)];
    cursor.hidden = false;
    cursor.style.left = `${(100 * place[0]) / SIDE}%`;
    cursor.style.top = `${(100 * place[1]) / SIDE}%`;
    if (ink !== undefined) dab(...place, ink);
  });
  context.watch([name], () => draw(digitOf(context, name)));

  const { images, labels } = context.tensors.digits;
  const picks = Array.from({ length: 10 }, (_, digit) => {
    const places = labels.data.reduce((found, value, index) => (value === digit ? [...found, index] : found), []);
    let next = 0;
    const pick = () => {
      const start = places[next++ % places.length] * SIDE * SIDE;
      setDigit(context, name, Float32Array.from(images.data.subarray(start, start + SIDE * SIDE), (byte) => byte / 255));
    };
    return button(String(digit), pick, { "aria-label": say("Another {digit} from MNIST", { digit }) });
  });
  return element(
    "div",
    { class: "ib-digit" },
    surface,
    element("div", { class: "ib-picks", role: "group", "aria-label": say("Digits from MNIST") }, ...picks),
    element(
      "div",
      { class: "ib-row" },
      button(say("Wipe"), () => setDigit(context, name, new Float32Array(SIDE * SIDE))),
      fileButton(context, (picture) => setDigit(context, name, asDigit(picture))),
    ),
  );
}

/** Add ink (or take it away) round a point: a soft dot about two pixels wide, as in MNIST. */
export function brush(pixels, x, y, ink) {
  for (let row = Math.max(0, Math.floor(y - 2)); row < Math.min(SIDE, y + 2); row++) {
    for (let column = Math.max(0, Math.floor(x - 2)); column < Math.min(SIDE, x + 2); column++) {
      const strength = clamp(1.6 - Math.hypot(column + 0.5 - x, row + 0.5 - y), 0, 1);
      const at = row * SIDE + column;
      pixels[at] = ink ? Math.max(pixels[at], strength) : Math.min(pixels[at], 1 - strength);
    }
  }
}

/** Return a photograph of a digit as MNIST would hold it: light ink on black, 20 pixels high, its mass in the middle. */
export function asDigit(picture) {
  const { height, width, data } = toGrey(picture);
  const sorted = Float32Array.from(data).sort();
  const paper = sorted[sorted.length >> 1]; // most of a picture is paper
  const ink = data.map((value) => Math.abs(value - paper));
  const most = ink.reduce((a, b) => Math.max(a, b), 0);
  const result = new Float32Array(SIDE * SIDE);
  if (most < 0.1) return result; // a blank sheet
  let [top, bottom, left, right, mass, across, down] = [height, 0, width, 0, 0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      ink[at] = ink[at] < 0.4 * most ? 0 : ink[at] / most;
      if (!ink[at]) continue;
      [top, bottom, left, right] = [Math.min(top, row), Math.max(bottom, row), Math.min(left, column), Math.max(right, column)];
      mass += ink[at];
      across += ink[at] * (column + 0.5);
      down += ink[at] * (row + 0.5);
    }
  }
  const pixel = Math.max(bottom - top + 1, right - left + 1) / 20; // of the photograph, in one of the digit
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const x = across / mass + (column - SIDE / 2) * pixel;
      const y = down / mass + (row - SIDE / 2) * pixel;
      result[row * SIDE + column] = meanOf(ink, height, width, y, x, pixel);
    }
  }
  return result;
}

function meanOf(data, height, width, top, left, size) {
  const [r0, r1] = [Math.round(top), Math.max(Math.round(top) + 1, Math.round(top + size))];
  const [c0, c1] = [Math.round(left), Math.max(Math.round(left) + 1, Math.round(left + size))];
  let sum = 0;
  for (let r = Math.max(0, r0); r < Math.min(height, r1); r++) for (let c = Math.max(0, c0); c < Math.min(width, c1); c++) sum += data[r * width + c];
  return sum / ((r1 - r0) * (c1 - c0));
}
