// Softmax temperature: logits, the probabilities that they become, and a thousand choices drawn from those.

import { button, presets, row } from "./kit/controls.js";
import { element, format, freshId } from "./kit/dom.js";
import { uniforms } from "./kit/random.js";
import { argmax, entropy, softmax } from "./kit/softmax.js";
import { say } from "./kit/text.js";

const CLASSES = ["cat", "dog", "fox", "rabbit", "car"];
const DRAWS = 1000;
const SHOWN = 12;
const HIGHEST_SEED = 9999;

export const figure = {
  render(context, body) {
    const rows = CLASSES.map((name, index) => classRow(context, say(name), index));
    const temperature = temperatureSlider(context);
    const result = element("p", { class: "temperature-result", role: "status" });
    const first = element("p", { class: "temperature-first" });
    const again = button(say("Draw again"), () => context.set({ seed: (context.get("seed") + 1) % (HIGHEST_SEED + 1) }));
    const sharp = { temperature: 1 };
    body.append(
      temperature,
      element("div", { class: "temperature-classes", role: "group", "aria-label": say("Classes") }, ...rows.map((one) => one.element)),
      element("p", { class: "temperature-legend" }, element("span", { text: say("probability") }), element("span", { text: say("share of 1,000 draws") })),
      result,
      row(
        again,
        presets(context, say("Example"), {
          [say("one clear winner")]: { ...sharp, logits: [5, 0, -1, -1.5, -3] },
          [say("a close race")]: { ...sharp, logits: [3, 2.8, 2.6, -1, -2] },
          [say("all equal")]: { ...sharp, logits: [1, 1, 1, 1, 1] },
          [say("two winners at temperature 0")]: { temperature: 0, logits: [3, 3, 1, 0, -2] },
        }),
      ),
      first,
    );
    const dice = { seed: -1, numbers: null };
    context.watch(["logits", "temperature", "seed"], () => {
      const logits = context.get("logits");
      const t = context.get("temperature");
      if (dice.seed !== context.get("seed")) {
        dice.seed = context.get("seed");
        dice.numbers = Array.from({ length: DRAWS }, uniforms(dice.seed));
      }
      const probabilities = softmax(logits, t);
      const { counts, start } = drawn(probabilities, dice.numbers);
      for (const [index, one] of rows.entries()) one.update(logits[index], probabilities[index], counts[index] / DRAWS);
      const bits = entropy(probabilities);
      const words = {
        bits: format(bits),
        number: format(2 ** bits),
        best: say(CLASSES[argmax(logits)]),
      };
      result.textContent =
        t > 0 ? say("Entropy {bits} bits: as open as a choice among {number} equal classes.", words)
        : logits.filter((logit) => logit === Math.max(...logits)).length > 1 ? say("At T = 0 the {number} largest scores share everything (entropy in bits: {bits}).", words)
        : say("At T = 0 the largest score takes everything: always {best}, entropy 0.", words);
      first.textContent = say("The first draws: {names} …", { names: start.map((index) => say(CLASSES[index])).join(", ") });
    });
  },
};

/** Return how often each class is drawn by uniform numbers, {counts, start}; `start` lists the first classes drawn. */
export function drawn(probabilities, numbers) {
  const ends = [];
  let sum = 0;
  for (const p of probabilities) ends.push((sum += p));
  const last = probabilities.findLastIndex((p) => p > 0); // where rounding leaves a gap at the end
  const counts = probabilities.map(() => 0);
  const start = [];
  for (const number of numbers) {
    let index = 0;
    while (index < last && number >= ends[index]) index++;
    counts[index]++;
    if (start.length < SHOWN) start.push(index);
  }
  return { counts, start };
}

/** Return the place of a temperature on its slider, from 0 to 60: twentieths up to 1, tenths from there to 5. */
export function placeOf(temperature) {
  return temperature <= 1 ? 20 * temperature : 20 + 10 * (temperature - 1);
}

/** Return the temperature at a place of the slider. */
export function temperatureAt(place) {
  return place <= 20 ? place / 20 : 1 + (place - 20) / 10;
}

function temperatureSlider(context) {
  const id = freshId();
  const output = element("output", { for: id });
  const input = element("input", { id, type: "range", min: 0, max: 60, step: 1, on: { input: () => context.set({ temperature: temperatureAt(Number(input.value)) }) } });
  context.watch(["temperature"], () => {
    const value = context.get("temperature");
    input.value = placeOf(value);
    output.textContent = `T = ${format(value)}`;
    input.setAttribute("aria-valuetext", format(value));
  });
  return element("div", { class: "ib-control temperature-slider" }, element("label", { for: id, text: say("Temperature") }), input, output);
}

function classRow(context, name, index) {
  const id = freshId();
  const input = element("input", {
    id,
    type: "range",
    min: -5,
    max: 5,
    step: 0.1,
    on: { input: () => context.set({ logits: context.get("logits").map((logit, other) => (other === index ? Number(input.value) : logit)) }) },
  });
  const score = element("output", { for: id });
  const bars = ["temperature-p", "temperature-share"].map((kind) => element("span", { class: `temperature-bar ${kind}` }));
  const numbers = bars.map(() => element("span", { class: "temperature-number" }));
  const update = (logit, ...values) => {
    input.value = logit;
    score.textContent = format(logit, 1);
    input.setAttribute("aria-valuetext", say("score {logit}, probability {p}", { logit: format(logit, 1), p: format(values[0], 3) }));
    for (const [which, value] of values.entries()) {
      bars[which].style.transform = `scaleX(${value})`;
      numbers[which].textContent = value.toFixed(3);
    }
  };
  const track = (which) => element("div", { class: "temperature-track" }, element("span", { class: "temperature-line" }, bars[which]), numbers[which]);
  const label = element("label", { for: id, text: name });
  return {
    element: element("div", { class: "temperature-class" }, element("div", { class: "ib-control" }, label, input, score), element("div", {}, track(0), track(1))),
    update,
  };
}
