// Fine-tuning: which layers of a pre-trained network are trained once more, and what comes of it.

import { lineChart } from "./kit/charts.js";
import { button, choice, toggle } from "./kit/controls.js";
import { element, format } from "./kit/dom.js";
import { grouped, percent } from "./kit/numbers.js";
import { say } from "./kit/text.js";

const EXAMPLES = ["5", "20", "100"];
const SCRATCH = { start: "random", conv_1: true, conv_2: true, dense: "trained" };
const STRATEGIES = [
  ["Only a new head", { start: "pre-trained", conv_1: false, conv_2: false, dense: "frozen" }],
  ["Low-rank adapter", { start: "pre-trained", conv_1: false, conv_2: false, dense: "adapter" }],
  ["Layers nearest the output", { start: "pre-trained", conv_1: false, conv_2: false, dense: "trained" }],
  ["All parameters", { start: "pre-trained", conv_1: true, conv_2: true, dense: "trained" }],
  ["From scratch", SCRATCH],
];

/** Return a state as it counts: from random weights, all is trained. */
export function effective(state) {
  return state.start === "random" ? { ...state, ...SCRATCH } : state;
}

/** Return how many parameters a state trains, given the sizes of the parts. */
export function trainedParameters(state, sizes) {
  const { task, conv_1: first, conv_2: second, dense } = effective(state);
  const middle = { frozen: 0, adapter: sizes.adapter, trained: sizes.dense }[dense];
  return (first ? sizes.conv_1 : 0) + (second ? sizes.conv_2 : 0) + middle + sizes[`head_${task}`];
}

/** Return what was measured of a state. */
export function recordOf(records, state) {
  const wanted = effective(state);
  return records.find((record) => ["task", "start", "conv_1", "conv_2", "dense"].every((key) => record[key] === wanted[key]));
}

export const figure = {
  render(context, body) {
    const { steps, records } = context.get("_content");
    const sizes = context.get("_sizes");
    const names = ["task", "start", "conv_1", "conv_2", "dense", "examples"];
    const state = () => Object.fromEntries(names.map((name) => [name, context.get(name)]));

    const strategies = STRATEGIES.map(([text, values]) => ({ values, face: button(say(text), () => context.set(values)) }));
    const head = element("span");
    const part = (title, size, ...children) =>
      element("li", {}, element("strong", { text: title }), size instanceof Node ? size : element("span", { text: say("{size} parameters", { size: grouped(size) }) }), ...children);
    const dense = choice(context, "dense", say("Dense layer"), { frozen: say("frozen"), adapter: say("adapter ({size})", { size: sizes.adapter }), trained: say("trained") });
    dense.querySelector("legend").setAttribute("class", "ib-hidden");
    const parts = [
      part(say("Convolution 1"), sizes.conv_1, toggle(context, "conv_1", say("train it"))),
      part(say("Convolution 2"), sizes.conv_2, toggle(context, "conv_2", say("train it"))),
      part(say("Dense layer"), sizes.dense, dense),
      part(say("New head"), head, element("span", { text: say("always trained") })),
    ];
    const board = element("fieldset", { class: "fine_tuning_board-layers" },
      element("legend", { text: say("The network, from the image to the answer") }),
      element("ol", {}, ...parts),
    );

    const result = element("p", { class: "fine_tuning_board-result", role: "status" });
    const meter = element("div", { class: "fine_tuning_board-meter", "aria-hidden": "true" }, element("div"));
    const chart = lineChart({
      label: say("Accuracy during training"),
      x: { label: say("training steps, each with 20 examples"), low: 0, high: steps.at(-1), ticks: [0, 100, 200, 300] },
      y: { label: say("Accuracy on test digits, mean of three runs"), low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1] },
    });
    const cells = ["chosen", "scratch"].map(() => EXAMPLES.map(() => element("td")));
    const rowNames = [say("what you chose"), say("from scratch")];
    const table = element("table", { class: "fine_tuning_board-table" },
      element("caption", { text: say("Accuracy at the end; in brackets the worst and the best of three runs") }),
      element("thead", {}, element("tr", {}, element("th", { scope: "col", text: say("examples of each class") }), ...EXAMPLES.map((count) => element("th", { scope: "col", text: count })))),
      element("tbody", {}, ...cells.map((line, index) => element("tr", {}, element("th", { scope: "row", text: rowNames[index] }), ...line))),
    );

    body.append(
      choice(context, "task", say("New task"), {
        holes: say("how many holes has a digit? (it knows the digits)"),
        strangers: say("which digit, 5 to 9? (it knows only 0 to 4)"),
      }),
      choice(context, "examples", say("Examples of each class"), {}),
      element("div", { class: "fine_tuning_board-strategies", role: "group", "aria-label": say("Strategies") }, ...strategies.map(({ face }) => face)),
      board,
      meter,
      result,
      chart.element,
      element("div", { class: "ib-scroll", tabindex: 0, role: "group", "aria-label": say("Accuracies") }, table),
    );

    context.watch(names, () => {
      const now = state();
      const real = effective(now);
      for (const { values, face } of strategies) face.setAttribute("aria-pressed", String(Object.keys(values).every((key) => values[key] === real[key])));
      board.disabled = now.start === "random";
      head.textContent = say("{size} parameters", { size: sizes[`head_${now.task}`] });
      const isTrained = [real.conv_1, real.conv_2, real.dense !== "frozen", true];
      for (const [index, face] of parts.entries()) face.setAttribute("class", isTrained[index] ? "fine_tuning_board-trained" : "fine_tuning_board-frozen");
      const [chosen, scratch] = [recordOf(records, now), recordOf(records, { ...now, ...SCRATCH })];
      const trained = trainedParameters(now, sizes);
      const all = sizes.conv_1 + sizes.conv_2 + sizes.dense + sizes[`head_${now.task}`] + (real.dense === "adapter" ? sizes.adapter : 0);
      meter.firstChild.style.transform = `scaleX(${trained / all})`;
      const mean = chosen[`mean_${now.examples}`];
      const values = { trained: grouped(trained), all: grouped(all), part: percent(trained / all), accuracy: percent(mean.at(-1)), start: say(now.start === "random" ? "From random weights, all is trained: " : "") };
      result.textContent = say("{start}{trained} of {all} parameters are trained ({part}). Accuracy at the end: {accuracy}.", values);
      const curve = (record) => record[`mean_${now.examples}`].map((value, index) => [steps[index], value]);
      const curves = [{ name: say("what you chose"), points: curve(chosen) }];
      if (chosen !== scratch) curves.push({ name: say("from scratch"), points: curve(scratch) });
      chart.update(curves, { x: steps.at(-1), y: mean.at(-1), text: result.textContent });
      for (const [line, record] of [chosen, scratch].entries()) {
        for (const [column, count] of EXAMPLES.entries()) {
          const ends = record[`ends_${count}`];
          const [low, high] = [Math.min(...ends), Math.max(...ends)].map((value) => format(100 * value, 0));
          cells[line][column].textContent = say("{mean} ({low}–{high})", { mean: percent(record[`mean_${count}`].at(-1)), low, high });
          cells[line][column].setAttribute("class", count === now.examples ? "fine_tuning_board-here" : "");
        }
      }
    });
  },
};
