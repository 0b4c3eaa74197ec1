// Inside a convolutional network: all maps of all layers, and any number in them taken apart.

import { barChart } from "./kit/charts.js";
import { smallCnn } from "./kit/cnn.js";
import { slider } from "./kit/controls.js";
import { element, format, freshId } from "./kit/dom.js";
import { clamp } from "./kit/drag.js";
import { matrixGrid } from "./kit/grid.js";
import { mapCanvas } from "./kit/maps.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { argmax } from "./kit/softmax.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

// Each layer: the one below, the edge of the window that it looks at and how far windows are apart, its weights.
const LAYERS = {
  convolution_1: { below: "input", edge: 3, stride: 1, weights: "0" },
  relu_1: { below: "convolution_1", edge: 1, stride: 1 },
  pool_1: { below: "relu_1", edge: 2, stride: 2 },
  convolution_2: { below: "pool_1", edge: 3, stride: 1, weights: "3" },
  relu_2: { below: "convolution_2", edge: 1, stride: 1 },
  pool_2: { below: "relu_2", edge: 2, stride: 2 },
  scores: { below: "pool_2", edge: 5, stride: 1, weights: "7" },
  probabilities: { below: "scores", edge: 1, stride: 1 },
};
const SELECTION = ["layer", "channel", "row", "column", "source"];

/** Return a layer's numbers as maps; the scores and probabilities of ten classes are ten maps of one number. */
export function mapsOf(layers, name) {
  const value = layers[name];
  return value.data ? value : { height: 1, width: 1, channels: value.length, data: value };
}

/**
 * Return how one number was made: where it is (moved into the layer if it lies outside), its `value`, the `window` of
 * the layer below, and for layers with weights the `filter`, the `products` of all maps and their `sums`, and the `bias`.
 */
export function inspect(layers, weights, wanted) {
  const { below, edge, stride, weights: key } = LAYERS[wanted.layer];
  const [from, to] = [mapsOf(layers, below), mapsOf(layers, wanted.layer)];
  const channel = Math.min(wanted.channel, to.channels - 1);
  const row = Math.min(wanted.row, to.height - 1);
  const column = Math.min(wanted.column, to.width - 1);
  const source = key ? Math.min(wanted.source, from.channels - 1) : channel;
  const [top, left] = [row * stride, column * stride];
  const input = (i, j, s) => from.data[((top + i) * from.width + left + j) * from.channels + s];
  const square = (value) => Array.from({ length: edge }, (_, i) => Array.from({ length: edge }, (_, j) => value(i, j)));
  const value = to.data[(row * to.width + column) * to.channels + channel];
  const found = { channel, row, column, source, top, left, edge, value, window: square((i, j) => input(i, j, source)) };
  if (!key) return found;
  // A dense layer after flattening is a filter as large as the maps.
  const { data } = weights[`${key}.weights`];
  const weight = (i, j, s) => data[((i * edge + j) * from.channels + s) * to.channels + channel];
  const products = { height: edge, width: edge, channels: from.channels, data: new Float64Array(edge * edge * from.channels) };
  const sums = new Float64Array(from.channels);
  for (let i = 0, at = 0; i < edge; i++) {
    for (let j = 0; j < edge; j++) {
      for (let s = 0; s < from.channels; s++, at++) sums[s] += products.data[at] = input(i, j, s) * weight(i, j, s);
    }
  }
  const filter = square((i, j) => weight(i, j, source));
  return { ...found, filter, products, sums, bias: weights[`${key}.bias`].data[channel] };
}

export const figure = {
  render(context, body) {
    const names = {
      input: say("Digit"),
      convolution_1: say("Convolution 3 × 3"),
      relu_1: say("ReLU"),
      pool_1: say("Max pooling 2 × 2"),
      convolution_2: say("Second convolution 3 × 3"),
      relu_2: say("Second ReLU"),
      pool_2: say("Second max pooling 2 × 2"),
      scores: say("Dense layer: ten scores"),
      probabilities: say("Softmax: ten probabilities"),
    };
    const weights = context.tensors.cnn;
    let layers = null;

    const group = freshId();
    const strips = Object.keys(LAYERS).map((layer) => {
      const strip = mapCanvas({ label: names[layer], pick: (channel, row, column) => context.set({ layer, channel, row, column }) });
      const radio = element("input", { type: "radio", name: group, value: layer, on: { change: () => context.set({ layer }) } });
      const size = element("span", { class: "cnn_explorer-size" });
      const label = element("label", {}, radio, element("span", { text: names[layer] }), size);
      return { layer, strip, radio, size, element: element("div", { class: "cnn_explorer-layer" }, label, strip.element) };
    });
    const bars = barChart({ label: say("What the network sees"), labels: "0123456789".split("") });
    const tower = element("fieldset", { class: "cnn_explorer-layers" }, element("legend", { text: say("Layers, from the digit to the answer") }));
    tower.append(...strips.map((part) => part.element));

    const pickHere = (channel, row, column) => context.set({ row, column });
    const [below, here] = [mapCanvas({ label: "" }), mapCanvas({ label: "", pick: pickHere, drag: true })];
    here.element.tabIndex = 0;
    here.element.setAttribute("role", "application");
    here.element.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!way) return;
      event.preventDefault();
      const { height, width } = mapsOf(layers, context.get("layer"));
      const { row, column } = selected();
      context.set({ row: clamp(row + way[0], 0, height - 1), column: clamp(column + way[1], 0, width - 1) });
    });
    const captions = [element("p", { class: "ib-caption" }), element("p", { class: "ib-caption" })];
    const large = [below, here].map((map, i) => element("div", { class: "cnn_explorer-large" }, captions[i], map.element));
    const numbers = numbersBehind(() => [below, here].flatMap((map, i) => (large[i].hidden ? [] : [pixelTable(captions[i].textContent, map.read())])));
    const products = mapCanvas({ label: "", pick: (source) => context.set({ source }) });
    const evidence = element("div", { class: "cnn_explorer-products" }, element("p", { class: "ib-caption", text: say("All products, map by map (blue adds, orange takes away)") }), products.element);
    const tables = [say("Window"), say("× filter"), say("= products")].map((label) => matrixGrid({ label }));
    const sum = element("p", { class: "cnn_explorer-sum" });
    // Maps count from one, classes from zero; what lies outside of the layer counts as its last.
    const ordinal = (value, name) => {
      const { channels, height } = mapsOf(layers, name);
      return String(Math.min(value, channels - 1) + (height > 1 ? 1 : 0));
    };
    layers = smallCnn(weights, digitOf(context, "digit"));
    const channelSlider = slider(context, "channel", say("Map"), { show: (value) => ordinal(value, context.get("layer")) });
    const sourceSlider = slider(context, "source", say("Map of the layer below"), { show: (value) => ordinal(value, LAYERS[context.get("layer")].below) });
    const most = (control, count, text) => {
      control.querySelector("input").max = count - 1;
      control.querySelector("input").setAttribute("aria-valuetext", text);
      control.querySelector("output").textContent = text;
      control.hidden = count === 1;
    };
    body.append(
      element("div", { class: "cnn_explorer-top" }, element("div", { class: "cnn_explorer-digit" }, digitPad(context, "digit"), bars.element), tower),
      element("div", { class: "cnn_explorer-detail", role: "group", "aria-label": say("How this number is made") },
        sum,
        element("div", { class: "ib-row" }, channelSlider, sourceSlider),
        element("div", { class: "cnn_explorer-maps" }, ...large),
        numbers.element,
        evidence,
        element("div", { class: "ib-row" }, ...tables.map((table) => table.element)),
      ),
    );

    const selected = () => inspect(layers, weights, Object.fromEntries(SELECTION.map((name) => [name, context.get(name)])));

    const drawDigit = () => {
      layers = smallCnn(weights, digitOf(context, "digit"));
      for (const { layer, strip, size } of strips) {
        const maps = mapsOf(layers, layer);
        const high = strip.draw(maps, { columns: maps.height === 1 ? 10 : 8 });
        strip.element.setAttribute("aria-label", say("{layer}: {count} maps, the darkest number is {high}", { layer: names[layer], count: maps.channels, high: format(high) }));
        if (maps.height > 1 && !size.textContent) size.textContent = say("{count} of {height} × {width}", { count: maps.channels, height: maps.height, width: maps.width });
      }
      bars.update(layers.probabilities, { mark: argmax(layers.probabilities) });
    };

    const drawSelection = () => {
      const layer = context.get("layer");
      const found = selected();
      const [from, to] = [mapsOf(layers, LAYERS[layer].below), mapsOf(layers, layer)];
      for (const part of strips) {
        part.radio.checked = part.layer === layer;
        part.strip.mark(part.layer === layer ? found.channel : -1);
      }
      below.draw(from, { channel: found.source, grey: LAYERS[layer].below === "input" });
      below.mark(0, [found.top, found.left, found.edge]);
      here.draw(to, { channel: found.channel });
      here.mark(0, [found.row, found.column, 1]);
      for (const part of large) part.hidden = to.height === 1 && layer !== "scores";
      large[1].hidden = to.height === 1;
      numbers.element.hidden = large.every((part) => part.hidden); // ten probabilities stand in a table of their own
      captions[0].textContent = from.channels === 1 ? names.input : say("Below: {layer}, map {map}", { layer: names[LAYERS[layer].below], map: found.source + 1 });
      captions[1].textContent = say("{layer}, map {map}", { layer: names[layer], map: found.channel + 1 });
      const place = say("row {row}, column {column}: {value}", { row: found.row + 1, column: found.column + 1, value: format(found.value) });
      here.element.setAttribute("aria-label", say("{map}; arrow keys choose a number; {place}", { map: captions[1].textContent, place }));
      below.element.setAttribute("aria-label", captions[0].textContent);
      most(channelSlider, to.channels, ordinal(found.channel, layer));
      channelSlider.firstChild.textContent = to.height === 1 ? say("Class") : say("Map");
      most(sourceSlider, found.products ? from.channels : 1, ordinal(found.source, LAYERS[layer].below));
      evidence.hidden = !found.products || from.channels === 1;
      if (!evidence.hidden) {
        products.draw(found.products, { columns: 8 });
        products.mark(found.source);
        products.element.setAttribute("aria-label", say("Sums map by map: {sums}", { sums: Array.from(found.sums, (value) => format(value)).join(", ") }));
      }
      const multiplied = found.products && found.window.map((line, i) => line.map((value, j) => value * found.filter[i][j]));
      for (const [index, matrix] of [layer === "probabilities" ? null : found.window, found.filter, multiplied].entries()) {
        tables[index].element.hidden = !matrix;
        if (!matrix) continue;
        const high = matrix.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
        const largest = layer.startsWith("pool") ? found.value : NaN;
        // Fainter than the grid allows, so that numbers stay legible in the dark.
        const shade = (value) => (0.8 * value) / high;
        tables[index].update(matrix, { shade, mark: (r, c) => (matrix[r][c] === largest ? "ib-here" : "") });
      }
      sum.textContent = sentence(layer, found, layers);
      numbers.update();
    };

    context.watch(["digit"], drawDigit);
    context.watch(SELECTION, drawSelection);
    context.rest(["digit"], drawSelection);
  },
};

/** Return in words and numbers how a number was made. */
export function sentence(layer, found, layers) {
  const value = format(found.value);
  const total = (numbers) => numbers.reduce((a, b) => a + b, 0);
  if (found.products) {
    const parts = { part: format(found.sums[found.source]), sum: format(total(found.sums)), bias: format(found.bias), count: found.sums.length, value };
    if (found.sums.length === 1) return say("Sum of the products {sum}, plus the bias {bias}, is {value}.", parts);
    return say("The products of this map add up to {part}, those of all {count} maps to {sum}; plus the bias {bias} that is {value}.", parts);
  }
  const before = found.window[0][0];
  if (layer === "probabilities") {
    const all = total(Array.from(layers.scores, (score) => Math.exp(score - Math.max(...layers.scores))));
    const share = Math.exp(before - Math.max(...layers.scores)) / all;
    return say("The score of class {digit} is {before}. Its share e^score ÷ sum of all ten e^score is {value}.", { digit: found.channel, before: format(before), value: format(share, 3) });
  }
  if (layer.startsWith("pool")) return say("The largest of these four numbers is {value}.", { value });
  return before < 0
    ? say("{before} is below zero, so ReLU makes it 0.", { before: format(before) })
    : say("{before} is not below zero, so ReLU leaves it as it is.", { before: format(before) });
}
