// What a depthwise separable convolution saves: areas, numbers, and its two steps.

import { presets, row, slider } from "./kit/controls.js";
import { attributes, element, format, freshId, svg } from "./kit/dom.js";
import { grouped } from "./kit/numbers.js";
import { stepper } from "./kit/steps.js";
import { say } from "./kit/text.js";

const NAME = "separable-cost";
const STATE = ["kernel", "channels_in", "channels_out", "size"];
// The stops of the sliders for channels: each about a half or a third more than the one before.
const STOPS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];
const DRAWN = 3; // channels in the drawing of the two steps

/** Return weights and multiply-adds, without biases, of both ways, as the figure in Python does. */
export function separableCost({ kernel, channels_in: from, channels_out: to, size }) {
  const depthwise = kernel ** 2 * from;
  const pointwise = from * to;
  const weights = { normal: depthwise * to, depthwise, pointwise, separable: depthwise + pointwise };
  const counts = Object.fromEntries(Object.entries(weights).map(([name, number]) => [name, [number, number * size ** 2]]));
  return { ...counts, ratio: weights.normal / weights.separable };
}

export const figure = {
  render(context, body) {
    const areas = areaDrawing();
    const table = costTable();
    const result = element("p", { class: `${NAME}-result`, role: "status" });
    const why = element("p", { class: `${NAME}-why` });
    const twoSteps = stepDrawing();
    const drawn = (name) => Math.min(context.get(name), DRAWN);
    const steps = stepper(context, "step", say("The two steps"), () => drawn("channels_in") + drawn("channels_out") - 1, { pause: 1500 });
    const words = element("p", { class: `${NAME}-step`, role: "status" });
    body.append(
      element(
        "div",
        { class: `${NAME}-sliders` },
        slider(context, "kernel", say("Filter"), { show: (n) => `${n} × ${n}` }),
        slider(context, "size", say("Output"), { show: (n) => `${n} × ${n}` }),
        stopSlider(context, "channels_in", say("Channels in")),
        stopSlider(context, "channels_out", say("Channels out")),
      ),
      row(
        presets(context, say("Example"), {
          [say("colours to 16 channels")]: { kernel: 3, channels_in: 3, channels_out: 16 },
          [say("64 to 128 channels")]: { kernel: 3, channels_in: 64, channels_out: 128 },
          [say("256 to 256 channels")]: { kernel: 3, channels_in: 256, channels_out: 256 },
          [say("one channel out: no saving")]: { kernel: 3, channels_in: 3, channels_out: 1 },
        }),
      ),
      result,
      element("div", { class: `${NAME}-pair` }, areas.element, table.element),
      why,
      element("div", { class: `${NAME}-pair` }, twoSteps.element, element("div", { class: `${NAME}-stepping` }, row(steps.element), words)),
    );
    context.watch(STATE, () => {
      const state = Object.fromEntries(STATE.map((name) => [name, context.get(name)]));
      const costs = separableCost(state);
      areas.update(state, costs);
      table.update(costs);
      const numbers = { normal: grouped(costs.normal[0]), separable: grouped(costs.separable[0]), ratio: format(costs.ratio) };
      result.textContent =
        costs.ratio >= 1
          ? say("{normal} ÷ {separable} = {ratio} times fewer weights and multiply-adds", numbers)
          : say("{normal} ÷ {separable} = {ratio}: here the two steps cost more", numbers);
      why.textContent = say(
        "The two steps take 1/{channels} (depthwise) and 1/{cells} (pointwise) of the normal convolution. With more channels out the first part vanishes, and the saving nears {cells} times.",
        { channels: state.channels_out, cells: state.kernel ** 2 },
      );
    });
    context.watch(["step", "kernel", "channels_in", "channels_out"], () => {
      const [step, kernel, from, to] = ["step", "kernel", "channels_in", "channels_out"].map((name) => context.get(name));
      const stage = stageOf(step, drawn("channels_in"), drawn("channels_out"));
      words.textContent = stepWords(stage, kernel, from, to);
      twoSteps.update(stage, kernel, from, to, words.textContent);
      steps.update();
    });
  },
};

/** Return a slider over the stops; a number between two stops (from Python or a link) keeps its place between them. */
function stopSlider(context, name, label) {
  const id = freshId();
  const output = element("output", { for: id });
  const last = STOPS.length - 1;
  const input = element("input", { id, type: "range", min: 0, max: last, on: { input: () => context.set({ [name]: STOPS[input.value] }) } });
  context.watch([name], () => {
    const value = context.get(name);
    const next = STOPS.findIndex((stop) => stop >= value);
    input.value = next > 0 && STOPS[next] + STOPS[next - 1] > 2 * value ? next - 1 : next;
    output.textContent = value;
    input.setAttribute("aria-valuetext", value);
  });
  return element("div", { class: "ib-control" }, element("label", { for: id, text: label }), input, output);
}

/** Return {element, update} of the weights as rectangles to scale: the normal convolution's is a square. */
function areaDrawing() {
  const place = { normal: [0, 0], depthwise: [112, 0], pointwise: [224, 0] };
  const shapes = Object.fromEntries(Object.keys(place).map((name) => [name, svg("rect", { x: place[name][0], y: 24, class: `${NAME}-${name}` })]));
  const frames = ["depthwise", "pointwise"].map((name) => svg("rect", { x: place[name][0], y: 24, width: 100, height: 100, class: `${NAME}-frame` }));
  const texts = { normal: say("normal"), depthwise: say("depthwise"), pointwise: say("+ pointwise") };
  const names = Object.keys(place).map((name) => svg("text", { x: place[name][0], y: 16, text: texts[name] }));
  const picture = svg("svg", { viewBox: "-1 0 326 126", role: "img", class: `${NAME}-areas` }, ...frames, ...Object.values(shapes), ...names);
  const update = ({ kernel, channels_out: to }, costs) => {
    attributes(shapes.normal, { width: 100, height: 100 });
    attributes(shapes.depthwise, { width: 100 / to, height: 100 });
    attributes(shapes.pointwise, { width: 100, height: 100 / kernel ** 2, y: 124 - 100 / kernel ** 2 });
    const share = (name) => format((100 * costs[name][0]) / costs.normal[0], 1);
    picture.setAttribute("aria-label", say("Areas to scale: depthwise is {depthwise} percent and pointwise {pointwise} percent of the normal convolution.", {
      depthwise: share("depthwise"), pointwise: share("pointwise"),
    }));
  };
  return { element: picture, update };
}

function costTable() {
  const texts = { normal: say("normal"), depthwise: say("depthwise"), pointwise: say("pointwise"), separable: say("both steps") };
  const cells = {};
  const rows = Object.entries(texts).map(([name, text]) => {
    cells[name] = [element("td"), element("td")];
    return element("tr", {}, element("th", { scope: "row" }, element("span", { class: `${NAME}-key ${NAME}-${name}` }), text), ...cells[name]);
  });
  const head = element("tr", {}, element("td"), element("th", { scope: "col", text: say("weights") }), element("th", { scope: "col", text: say("multiply-adds") }));
  const table = element("table", { class: `${NAME}-table` }, element("thead", {}, head), element("tbody", {}, ...rows));
  const update = (costs) => {
    for (const [name, pair] of Object.entries(cells)) for (const [index, cell] of pair.entries()) cell.textContent = grouped(costs[name][index]);
  };
  return { element: table, update };
}

/** Return what a step shows, {isDepthwise, active}: first each drawn channel by itself, then each drawn mix of them. */
function stageOf(step, inside, outside) {
  const isDepthwise = step < inside;
  return { isDepthwise, active: isDepthwise ? step : Math.min(step - inside, outside - 1) };
}

function stepWords({ isDepthwise, active }, kernel, from, to) {
  const number = active + 1;
  return isDepthwise
    ? say("Depthwise, channel {number} of {from}: its own filter of {window} sees this channel and no other. Multiply-adds: {count}.", { number, from, window: `${kernel}\u00a0×\u00a0${kernel}`, count: kernel ** 2 })
    : say("Pointwise, output channel {number} of {to}: mixes all channels at one pixel and sees nothing beside it. Multiply-adds: {from}.", { number, from, to });
}

const CELL = 8;
const SIDE = 9; // cells of the drawn channels: room for a filter of 7

/**
 * Return {element, update} of the two steps: channels in, the same after depthwise, channels out. At most three of
 * each are drawn, all with the same pixel in the middle.
 */
function stepDrawing() {
  const wide = SIDE * CELL;
  const lefts = [0, 126, 252];
  const heads = [say("in"), say("depthwise"), say("out")].map((text, i) => svg("text", { x: lefts[i], y: 12, text }));
  const top = (index) => 20 + index * (wide + 10);
  const middle = (CELL * (SIDE - 1)) / 2;
  const square = (column, index) => {
    const frame = svg("rect", { x: lefts[column], y: top(index), width: wide, height: wide, class: `${NAME}-channel` });
    const spot = svg("rect", { x: lefts[column] + middle, y: top(index) + middle, width: CELL, height: CELL });
    const lines = svg("path", { transform: `translate(${lefts[column]} ${top(index)})`, d: gridLines(), class: `${NAME}-lines` });
    return { group: svg("g", {}, frame, spot, lines), frame, spot };
  };
  const squares = lefts.map((_, column) => Array.from({ length: DRAWN }, (_, index) => square(column, index)));
  const lines = Array.from({ length: DRAWN }, () => svg("path", { class: `${NAME}-line` }));
  const more = lefts.map((left) => svg("text", { x: left, y: top(DRAWN) + 4 }));
  const picture = svg(
    "svg",
    { viewBox: `-2 0 ${lefts[2] + wide + 4} ${top(DRAWN) + 10}`, role: "img", class: `${NAME}-steps` },
    ...heads, ...squares.flat().map(({ group }) => group), ...lines, ...more,
  );
  const update = ({ isDepthwise, active }, kernel, from, to, label) => {
    const drawn = [Math.min(from, DRAWN), Math.min(from, DRAWN), Math.min(to, DRAWN)];
    for (const [column, list] of squares.entries()) {
      const total = column === 2 ? to : from;
      more[column].textContent = total > DRAWN ? say("… of {total}", { total }) : "";
      for (const [index, { group, frame, spot }] of list.entries()) {
        group.style.display = index < drawn[column] ? "" : "none";
        const isOn = isDepthwise ? column < 2 && index === active : column === 1 || (column === 2 && index === active);
        frame.setAttribute("class", `${NAME}-channel${isOn ? ` ${NAME}-on` : ""}`);
        // A number is there once its step has been taken.
        const isDone = isOn || (column === 1 && (!isDepthwise || index < active)) || (column === 2 && !isDepthwise && index < active);
        spot.setAttribute("class", isDone ? `${NAME}-${column === 2 ? "pointwise" : "depthwise"}` : `${NAME}-none`);
      }
    }
    const reach = kernel * CELL;
    for (const [index, { spot }] of squares[0].entries()) {
      const start = middle + (CELL - reach) / 2;
      attributes(spot, { x: lefts[0] + start, y: top(index) + start, width: reach, height: reach });
    }
    const center = (index) => top(index) + wide / 2;
    for (const [index, line] of lines.entries()) {
      const isShown = isDepthwise ? index === active : index < drawn[1];
      line.style.display = isShown ? "" : "none";
      if (!isShown) continue;
      const [column, target] = isDepthwise ? [0, index] : [1, active];
      const start = lefts[column] + wide / 2 + (isDepthwise ? reach / 2 : CELL / 2) + 1;
      const [end, y] = [lefts[column + 1] + wide / 2 - CELL / 2 - 2, center(target)];
      const slope = Math.atan2(y - center(index), end - start);
      const head = [0.45, -0.45].map((turn) => `M${end} ${y}l${-8 * Math.cos(slope + turn)} ${-8 * Math.sin(slope + turn)}`);
      line.setAttribute("d", `M${start} ${center(index)}L${end} ${y}${head.join("")}`);
    }
    picture.setAttribute("aria-label", label);
  };
  return { element: picture, update };
}

function gridLines() {
  const wide = SIDE * CELL;
  return Array.from({ length: SIDE - 1 }, (_, i) => (i + 1) * CELL).map((at) => `M${at} 0V${wide}M0 ${at}H${wide}`).join("");
}
