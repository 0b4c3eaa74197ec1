// An autoencoder: a digit goes through 16 numbers. The numbers can be moved, the digit damaged, two digits blended.

import { button, choice, row, slider } from "./kit/controls.js";
import { element, format, svg } from "./kit/dom.js";
import { clamp, draggable } from "./kit/drag.js";
import { dense, relu, sigmoid } from "./kit/network.js";
import { percent } from "./kit/numbers.js";
import { digitOf, digitPad, setDigit } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { normals } from "./kit/random.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SIDE = 28;
const LENGTH = 16;
const REACH = 12; // the sliders go from -REACH to REACH; codes of test digits from about -9 to 9

/** Return the code of an image (784 numbers from 0 to 1). `weights` are the asset's arrays. */
export function encode(weights, pixels) {
  return layer(weights, 3, relu(layer(weights, 1, pixels)));
}

/** Return the image that a code stands for. */
export function decode(weights, code) {
  return sigmoid(layer(weights, 6, relu(layer(weights, 4, code))));
}

/** Return an image with normal noise, clipped to [0, 1], and then a black square cut out. */
export function damaged(pixels, { noise, seed, hole, hole_row: top, hole_column: left }) {
  const normal = normals(seed);
  const result = Float64Array.from(pixels, (value) => clamp(value + noise * normal(), 0, 1));
  const right = Math.min(SIDE, left + hole);
  for (let row = top; row < Math.min(SIDE, top + hole); row++) result.fill(0, row * SIDE + left, row * SIDE + right);
  return result;
}

/** Return what lies between two rows of numbers, `part` of the way to the second. */
export function between(first, second, part) {
  return Float64Array.from(first, (value, i) => (1 - part) * value + part * second[i]);
}

/** Return the mean of the squared differences. */
export function meanSquaredError(a, b) {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length;
}

export const figure = {
  render(context, body) {
    const weights = context.tensors.autoencoder;
    const input = picture(say("What goes in"));
    const output = picture(say("What comes out"));
    const hole = element("span", { class: "autoencoder-explorer-hole" });
    input.frame.append(hole);
    draggable(input.frame, input.frame, {
      size: () => [SIDE, SIDE],
      start: () => [context.get("hole_column"), context.get("hole_row")],
      move: (dx, dy, [column, line]) => context.get("mode") === "damage" && moveHole(context, column + dx, line + dy),
      nudge: () => {}, // the sliders do that
    });
    const code = codeStrip();
    const parts = [input.element, arrow(), code.element, arrow(), output.element];
    const flow = element("div", { class: "autoencoder-explorer-flow" }, ...parts);
    const result = element("p", { class: "autoencoder-explorer-result" });
    const remark = element("p", { class: "ib-caption" });
    let base = null;
    let middle = [];
    const numbers = numbersBehind(() => [
      pixelTable(input.name(), input.read()),
      { label: say("The code"), heads: middle.map((_, i) => i + 1), lines: [[say("Number"), ...middle]] },
      pixelTable(output.name(), output.read()),
    ]);
    const sliders = codeSliders(context, () => base);
    const panels = {
      move: element("div", {}, sliders.element, button(say("Back to the digit's own code"), () => context.set(unmoved()))),
      damage: element(
        "div",
        {},
        slider(context, "noise", say("Noise (standard deviation)"), { step: 0.01 }),
        slider(context, "hole", say("Side of the hole")),
        slider(context, "hole_column", say("Hole from the left")),
        slider(context, "hole_row", say("Hole from the top")),
        button(say("Other noise"), () => context.set({ seed: (context.get("seed") + 1) % 1000 })),
      ),
      blend: blendPanel(context),
    };
    body.append(
      choice(context, "mode", say("What to do"), {
        move: say("move the code"),
        damage: say("damage the digit"),
        blend: say("blend two digits"),
      }),
      flow,
      numbers.element,
      result,
      element("div", { class: "autoencoder-explorer-work" }, ...Object.values(panels), digitPad(context, "digit")),
      remark,
    );
    context.watch(Object.keys(context.schema), () => {
      const mode = context.get("mode");
      for (const [name, panel] of Object.entries(panels)) panel.hidden = name !== mode;
      const digit = digitOf(context, "digit");
      const state = Object.fromEntries(Object.keys(context.schema).map((name) => [name, context.get(name)]));
      base = encode(weights, digit);
      const { shown, numbers: latent } = forward(weights, mode, digit, base, state, context);
      const decoded = decode(weights, latent);
      input.show(shown, mode === "damage" ? say("Damaged") : mode === "blend" ? say("Pixels mixed") : say("The digit"));
      output.show(decoded, mode === "blend" ? say("Codes mixed, decoded") : say("Decoded"));
      code.show(latent, mode === "blend" ? null : base);
      if (mode === "move") sliders.show(latent);
      middle = Array.from(latent);
      numbers.update();
      showHole(hole, mode === "damage", state);
      input.frame.style.touchAction = mode === "damage" ? "none" : ""; // otherwise a finger on it scrolls the page
      const error = format(meanSquaredError(shown, decoded), 4);
      if (mode === "damage") {
        const before = meanSquaredError(digit, shown);
        const after = meanSquaredError(digit, decoded);
        result.textContent = say("Mean squared error from the whole digit: damaged {before}, decoded {after}. {verdict}", {
          before: format(before, 4),
          after: format(after, 4),
          verdict: after < before ? say("What came out is nearer to it.") : say("What came out is no nearer to it."),
        });
      } else result.textContent = say("Mean squared error between these two pictures: {error}", { error });
      remark.textContent = remarks(mode);
    });
  },
};

function unmoved() {
  return { code_shift: Array(LENGTH).fill(0) };
}

function layer(weights, place, inputs) {
  return dense(inputs, weights[`${place}.weights`].data, weights[`${place}.bias`].data);
}

/** Return what is shown as the input, and the numbers that are decoded. */
function forward(weights, mode, digit, base, state, context) {
  if (mode === "damage") {
    const shown = damaged(digit, state);
    return { shown, numbers: encode(weights, shown) };
  }
  if (mode === "move") return { shown: digit, numbers: base.map((value, i) => value + state.code_shift[i]) };
  const second = digitOf(context, "second");
  return { shown: between(digit, second, state.part), numbers: between(base, encode(weights, second), state.part) };
}

function remarks(mode) {
  return {
    move: say("784 pixels become 16 numbers and 784 pixels again. No number alone means “round” or “steep”: each changes the picture in its own way."),
    damage: say("Speckles do not fit through 16 numbers, so what comes out is smooth. But this autoencoder saw only whole, clean digits in training: it never learned to repair."),
    blend: say("Mixed pixels show both digits at once. Mixed codes are decoded to one picture: at times a digit between the two, at times a smudge, for nothing in training asked what lies between."),
  }[mode];
}

function moveHole(context, column, line) {
  context.set({ hole_column: clamp(Math.round(column), 0, SIDE - 1), hole_row: clamp(Math.round(line), 0, SIDE - 1) });
}

function showHole(hole, visible, { hole: side, hole_row: top, hole_column: left }) {
  hole.hidden = !visible || side === 0;
  const place = { left, top, width: Math.min(side, SIDE - left), height: Math.min(side, SIDE - top) };
  for (const [name, pixels] of Object.entries(place)) hole.style[name] = `${(100 * pixels) / SIDE}%`;
}

function picture(label) {
  const canvas = pixelCanvas({ height: SIDE, width: SIDE, label });
  const caption = element("span", { class: "ib-caption" });
  const frame = element("div", { class: "autoencoder-explorer-frame" }, canvas.element);
  const show = (pixels, text) => {
    canvas.draw(pixels);
    caption.textContent = text;
    canvas.element.setAttribute("aria-label", text);
  };
  return { element: element("div", { class: "autoencoder-explorer-picture" }, caption, frame), frame, show, read: canvas.read, name: () => caption.textContent };
}

function arrow() {
  return element("span", { class: "autoencoder-explorer-arrow", "aria-hidden": "true", text: "→" });
}

/** Return {element, show} of 16 bars, up for positive numbers and down for negative ones; ticks where they came from. */
function codeStrip() {
  const bars = Array.from({ length: LENGTH }, (_, i) => svg("rect", { x: 10 * i + 1.5, width: 7 }));
  const ticks = Array.from({ length: LENGTH }, () => svg("path", { class: "autoencoder-explorer-tick" }));
  const strip = svg(
    "svg",
    { class: "autoencoder-explorer-strip", viewBox: "0 -60 160 120", role: "img", preserveAspectRatio: "none" },
    svg("path", { class: "autoencoder-explorer-zero", d: "M0 0H160" }),
    ...bars,
    ...ticks,
  );
  const up = (value) => clamp((-58 * value) / REACH, -58, 58);
  const show = (numbers, origin) => {
    for (const [i, bar] of bars.entries()) {
      bar.setAttribute("y", Math.min(0, up(numbers[i])));
      bar.setAttribute("height", Math.abs(up(numbers[i])));
      bar.setAttribute("class", numbers[i] < 0 ? "autoencoder-explorer-negative" : "autoencoder-explorer-positive");
      ticks[i].setAttribute("d", origin ? `M${10 * i} ${up(origin[i])}h10` : "");
    }
    const text = Array.from(numbers, (value) => format(value, 1)).join("; ");
    strip.setAttribute("aria-label", say("The code: {numbers}", { numbers: text }));
  };
  const caption = element("span", { class: "ib-caption", text: say("The code: 16 numbers") });
  return { element: element("div", { class: "autoencoder-explorer-picture" }, caption, strip), show };
}

/** Return {element, show} of a slider for each number of the code. The state keeps how far each was moved. */
function codeSliders(context, base) {
  const inputs = Array.from({ length: LENGTH }, (_, i) => {
    const change = () => {
      const shift = [...context.get("code_shift")];
      shift[i] = clamp(Math.round((Number(input.value) - base()[i]) * 1000) / 1000, -24, 24);
      context.set({ code_shift: shift });
    };
    const label = say("Number {number} of the code", { number: i + 1 });
    const on = { input: change };
    const input = element("input", { type: "range", min: -REACH, max: REACH, step: 0.1, "aria-label": label, on });
    return input;
  });
  const outputs = inputs.map(() => element("output"));
  const show = (numbers) => {
    for (const [i, input] of inputs.entries()) {
      if (document.activeElement !== input || Math.abs(input.value - numbers[i]) > 0.06) input.value = numbers[i];
      outputs[i].textContent = format(numbers[i], 1);
      input.setAttribute("aria-valuetext", outputs[i].textContent);
    }
  };
  const lines = inputs.map((input, i) => {
    const number = element("span", { "aria-hidden": "true", text: i + 1 });
    return element("div", { class: "ib-control" }, number, input, outputs[i]);
  });
  const properties = { class: "autoencoder-explorer-sliders", role: "group", "aria-label": say("The code") };
  return { element: element("div", properties, ...lines), show };
}

function blendPanel(context) {
  const { images, labels } = context.tensors.digits;
  const second = picture(say("Second digit"));
  const picks = Array.from({ length: 10 }, (_, digit) => {
    const places = Array.from(labels.data.keys()).filter((index) => labels.data[index] === digit);
    let next = 0;
    const pick = () => {
      const start = places[next++ % places.length] * SIDE * SIDE;
      const bytes = images.data.subarray(start, start + SIDE * SIDE);
      setDigit(context, "second", Float32Array.from(bytes, (byte) => byte / 255));
    };
    return button(String(digit), pick, { "aria-label": say("Another {digit} from MNIST as the second digit", { digit }) });
  });
  context.watch(["second"], () => second.show(digitOf(context, "second"), say("Second digit")));
  const properties = { role: "group", "aria-label": say("Second digit from MNIST") };
  return element(
    "div",
    {},
    slider(context, "part", say("From the first to the second"), { step: 0.01, show: (part) => percent(part, 0) }),
    row(second.element, element("div", { class: "ib-picks autoencoder-explorer-picks", ...properties }, ...picks)),
  );
}
