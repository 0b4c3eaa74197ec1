// The autoregressive writer: each pixel's probability comes from the pixels before it, as in imagebook.autoregressive.

import { button, presets, row, slider } from "./kit/controls.js";
import { attributes, element, format, prefersReducedMotion, svg } from "./kit/dom.js";
import { digitPad } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { uniforms } from "./kit/random.js";
import { fromBase64, toBase64 } from "./kit/state.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const REACH = 7; // rows above, and columns to the left and right
const WINDOW = 2 * REACH + 1;
const HIGHEST_SEED = 9999;
const SPEED = 0.12; // pixels in a millisecond of playing
const BUDGET = 3; // milliseconds of computing in one frame
const BLANK = [0.22, 0.36, 0.55]; // pixels that are not there yet: neither black nor white

export const figure = {
  render(context, body) {
    const pen = writer(context.tensors.autoregressive);
    const count = () => Math.max(context.get("step"), SIDE * context.get("given"));
    const page = sheet(say("The digit so far"));
    const map = sheet(say("Probability of white"));
    const next = element("p", { class: "pixel_writer-next" });
    const result = element("p", { class: "pixel_writer-result" });
    const numbers = numbersBehind(() => [page, map].map((one) => pixelTable(one.label, one.read())));
    const again = () => context.set({ seed: (context.get("seed") + 1) % (HIGHEST_SEED + 1) });
    body.append(
      element(
        "div",
        { class: "pixel_writer-parts" },
        element(
          "div",
          { class: "pixel_writer-main" },
          element("div", { class: "pixel_writer-sheets" }, page.element, map.element),
          next,
          result,
          numbers.element,
          row(steps(context, count)),
          row(slider(context, "given", say("Rows given")), slider(context, "temperature", say("Temperature"), { step: 0.05 })),
          row(
            button(say("Write it again"), again),
            button(say("To the end"), () => context.set({ step: PIXELS })),
            presets(context, say("Example"), examples(context.tensors.digits)),
          ),
        ),
        element("div", { class: "pixel_writer-pad" }, element("p", { class: "ib-caption", text: say("Its upper rows are given") }), digitPad(context, "digit")),
      ),
    );

    let frame = 0;
    const draw = () => {
      cancelAnimationFrame(frame); // a change may come before the rest of the last one is written
      const wanted = count();
      pen.advance(wanted, BUDGET);
      const here = Math.min(pen.known(), wanted);
      page.show(pen.image, wanted);
      map.show(pen.probabilities, wanted);
      for (const one of [page, map]) one.mark(wanted, context.get("given"));
      numbers.update();
      if (here < wanted) {
        frame = requestAnimationFrame(draw); // the rest in the next frames, so that the page stays awake
        return;
      }
      next.textContent = nextWords(pen.look(here), here, context.get("temperature"), context.get("given"));
      result.textContent = say("Log-likelihood of these {count} pixels: {sum} nats.", { count: here, sum: format(pen.logLikelihood(here)) });
      page.say(say("The digit so far: {count} of 784 pixels", { count: here }));
    };
    context.watch(["digit", "given", "temperature", "seed"], () => {
      pen.start({
        digit: fromBase64(context.get("digit")),
        given: context.get("given"),
        temperature: context.get("temperature"),
        seed: context.get("seed"),
      });
      draw();
    });
    context.watch(["step"], draw);
    context.clean(() => cancelAnimationFrame(frame));
  },
};

/** Return the logit of a pixel of an image (784 numbers, 1 is white), of which only the pixels before it count. */
export function pixelLogit(weights, image, at) {
  const [down, across] = [Math.floor(at / SIDE), at % SIDE];
  const filters = weights["0.weights"].data;
  const depth = weights["0.bias"].data.length;
  const hidden = Float64Array.from(weights["0.bias"].data);
  for (let d = 0; d < depth; d++) hidden[d] += weights["1.rows"].data[down * depth + d] + weights["1.columns"].data[across * depth + d];
  for (let u = Math.max(0, REACH - down); u <= REACH; u++) {
    const last = u === REACH ? REACH - 1 : Math.min(WINDOW - 1, SIDE - 1 - across + REACH);
    for (let v = Math.max(0, REACH - across); v <= last; v++) {
      if (image[(down - REACH + u) * SIDE + across - REACH + v] !== 1) continue; // black adds nothing
      const filter = (u * WINDOW + v) * depth;
      for (let d = 0; d < depth; d++) hidden[d] += filters[filter + d];
    }
  }
  const second = Float64Array.from(weights["3.bias"].data);
  const mixing = weights["3.weights"].data;
  for (let d = 0; d < depth; d++) {
    if (hidden[d] <= 0) continue;
    for (let e = 0; e < second.length; e++) second[e] += hidden[d] * mixing[d * second.length + e];
  }
  let logit = weights["5.bias"].data[0];
  for (let e = 0; e < second.length; e++) logit += Math.max(0, second[e]) * weights["5.weights"].data[e];
  return logit;
}

/** Return the probability that a pixel is drawn white; at temperature 0 the likelier value is certain. */
export function whiteProbability(logit, temperature) {
  return temperature === 0 ? Number(logit > 0) : 1 / (1 + Math.exp(-logit / temperature));
}

/** Return the log-probability, in nats, of a pixel's value, 0 or 1. */
export function logProbability(logit, value) {
  const against = (1 - 2 * value) * logit;
  return -Math.max(0, against) - Math.log1p(Math.exp(-Math.abs(against)));
}

/**
 * Return what writes digits. `start(…)` begins one; `advance(count, milliseconds)` writes until `count` pixels are
 * known or the time is up. `image` and `probabilities` hold what was written before until it is overwritten.
 */
export function writer(weights) {
  const image = new Int8Array(PIXELS).fill(-1);
  const probabilities = new Float32Array(PIXELS).fill(-1);
  const sums = new Float64Array(PIXELS + 1);
  const numbers = new Float64Array(PIXELS + 1);
  let [known, settings] = [0, null];
  const start = (chosen) => {
    settings = chosen;
    known = 0;
    const uniform = uniforms(chosen.seed);
    for (let at = SIDE * chosen.given; at < PIXELS; at++) numbers[at] = uniform();
  };
  const advance = (count, milliseconds = Infinity) => {
    const end = performance.now() + milliseconds;
    for (; known < count; known++) {
      if (known % 16 === 0 && performance.now() > end) return;
      const logit = pixelLogit(weights, image, known);
      probabilities[known] = whiteProbability(logit, settings.temperature);
      const isGiven = known < SIDE * settings.given;
      // The library compares in double precision, so this does too.
      image[known] = Number(isGiven ? settings.digit[known] > 127 : numbers[known] < whiteProbability(logit, settings.temperature));
      sums[known + 1] = sums[known] + logProbability(logit, image[known]);
    }
  };
  /** Return the probability of the pixel that comes next, and the random number that it is compared with. */
  const look = (at) => at < PIXELS && { probability: whiteProbability(pixelLogit(weights, image, at), settings.temperature), number: numbers[at] };
  return { start, advance, look, image, probabilities, known: () => known, logLikelihood: (count) => sums[count] };
}

function nextWords(pixel, at, temperature, given) {
  if (!pixel) return say(given === SIDE ? "All rows are given: the model only says how likely they are." : "All 784 pixels are there.");
  const values = {
    row: Math.floor(at / SIDE) + 1,
    column: (at % SIDE) + 1,
    p: pixel.probability.toFixed(3),
    number: pixel.number.toFixed(3),
  };
  const isWhite = pixel.number < pixel.probability;
  if (temperature === 0) return say(isWhite ? "Next, row {row}, column {column}: white is likelier, so white." : "Next, row {row}, column {column}: black is likelier, so black.", values);
  return say(
    isWhite
      ? "Next, row {row}, column {column}: white with probability {p}. The random number {number} is below: white."
      : "Next, row {row}, column {column}: white with probability {p}. The random number {number} is not below: black.",
    values,
  );
}

/** Return a canvas of 28 x 28 pixels with marks on it: the next pixel, what it depends on, where the given rows end. */
function sheet(label) {
  const { element: canvas, draw } = pixelCanvas({ height: SIDE, width: SIDE, label });
  const reach = svg("path", { class: "pixel_writer-reach" });
  const here = svg("rect", { class: "pixel_writer-here", width: 1, height: 1 });
  const edge = svg("line", { class: "pixel_writer-edge", x1: 0, x2: SIDE });
  const marks = svg("svg", { class: "pixel_writer-marks", viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" }, edge, reach, here);
  const colours = new Float32Array(3 * PIXELS);
  let known = null;
  const read = () => ({ height: SIDE, width: SIDE, data: known });
  const show = (values, count) => {
    known = Array.from(values, (value, at) => (at < count && value >= 0 ? value : NaN));
    for (let at = 0; at < PIXELS; at++) {
      const isThere = at < count && values[at] >= 0;
      for (let channel = 0; channel < 3; channel++) colours[3 * at + channel] = isThere ? values[at] : BLANK[channel];
    }
    draw(colours, { channels: 3 });
  };
  const mark = (at, given) => {
    const [y, x] = [Math.floor(at / SIDE), at % SIDE];
    for (const one of [reach, here]) one.style.display = at < PIXELS ? "" : "none";
    edge.style.display = given > 0 && given < SIDE ? "" : "none";
    attributes(edge, { y1: given, y2: given });
    attributes(here, { x, y });
    const [top, left, right] = [Math.max(0, y - REACH), Math.max(0, x - REACH), Math.min(SIDE, x + REACH + 1)];
    attributes(reach, { d: `M${left} ${top}H${right}V${y}H${x}V${y + 1}H${left}Z` });
  };
  const frame = element("div", { class: "pixel_writer-frame" }, canvas, marks);
  return { element: element("div", { class: "pixel_writer-sheet" }, element("p", { class: "ib-caption", text: label }), frame), show, mark, read, label, say: (text) => canvas.setAttribute("aria-label", text) };
}

/** Return buttons and a slider for how many pixels are there; playing writes several in a frame. */
function steps(context, count) {
  const go = (step) => context.set({ step: Math.max(SIDE * context.get("given"), Math.min(PIXELS, step)) });
  const hand = (step) => (stop(), go(step));
  let [frame, at, last] = [0, 0, 0];
  const tick = (now) => {
    at += Math.min(100, now - last) * SPEED;
    last = now;
    go(Math.floor(at));
    if (at >= PIXELS) stop();
    else frame = requestAnimationFrame(tick);
  };
  const shown = (isPlaying) => {
    play.textContent = say(isPlaying ? "Pause" : "Play");
    play.setAttribute("aria-pressed", String(isPlaying));
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    shown(false);
  };
  const start = () => {
    at = count() < PIXELS ? count() : SIDE * context.get("given");
    last = performance.now();
    frame = requestAnimationFrame(tick);
    shown(true);
  };
  const play = button(say("Play"), () => (frame ? stop() : start()), { "aria-pressed": "false", class: "ib-play" });
  play.hidden = prefersReducedMotion();
  const back = button("◀", () => hand(count() - 1), { "aria-label": say("One pixel back") });
  const on = button("▶", () => hand(count() + 1), { "aria-label": say("One pixel on") });
  const input = element("input", { type: "range", max: PIXELS, step: 1, "aria-label": say("Pixels that are there"), on: { input: () => hand(Number(input.value)) } });
  const output = element("output");
  context.watch(["step", "given"], () => {
    input.min = SIDE * context.get("given");
    input.value = count();
    output.textContent = say("{count} of 784", { count: count() });
    input.setAttribute("aria-valuetext", output.textContent);
    back.disabled = count() <= SIDE * context.get("given");
    on.disabled = count() === PIXELS;
  });
  context.clean(stop);
  return element("div", { class: "ib-control ib-steps" }, play, back, on, input, output);
}

function examples({ images, labels }) {
  const digit = (label) => {
    const start = labels.data.indexOf(label) * PIXELS;
    return toBase64(images.data.subarray(start, start + PIXELS));
  };
  return {
    [say("from nothing")]: { given: 0, temperature: 0.8, step: PIXELS },
    [say("always the likelier value")]: { digit: digit(3), given: 10, temperature: 0, step: PIXELS },
    [say("much too hot")]: { given: 0, temperature: 3, step: PIXELS },
    [say("complete the top of a 7")]: { digit: digit(7), given: 12, temperature: 0.8, step: PIXELS },
    [say("how likely is a real 2?")]: { digit: digit(2), given: SIDE, temperature: 1, step: PIXELS },
  };
}
