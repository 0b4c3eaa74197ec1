// The plane of a variational autoencoder's codes, painted with what its places decode to.

import { button, row, toggle } from "./kit/controls.js";
import { element, format, freshId, svg } from "./kit/dom.js";
import { clamp, draggable, position } from "./kit/drag.js";
import { dense, relu, sigmoid } from "./kit/network.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SIDE = 28;
const REACH = 3; // the map goes from -REACH to REACH both ways
const TILES = 15;
const BUDGET = 3; // milliseconds of painting in a frame

/** Return {mean, deviation} of the code that an image (784 numbers from 0 to 1) may have. */
export function encode(weights, pixels) {
  const [a, b, c, d] = layer(weights, 5, relu(layer(weights, 3, relu(layer(weights, 1, pixels)))));
  return { mean: [a, b], deviation: [Math.exp(c / 2), Math.exp(d / 2)] };
}

/** Return the image that a code of two numbers stands for. */
export function decode(weights, code) {
  return sigmoid(layer(weights, 11, relu(layer(weights, 9, relu(layer(weights, 7, code))))));
}

/** Return the code in the middle of a tile of the map; the second number grows upwards. */
export function middle(line, column) {
  const at = (index) => ((index + 0.5) * 2 * REACH) / TILES - REACH;
  return [at(column), -at(line)];
}

export const figure = {
  render(context, body) {
    const weights = context.tensors.variational_autoencoder_2d;
    const go = (code) => context.set({ point: code.map((value) => clamp(Math.round(100 * value) / 100, -REACH, REACH)) });
    const paper = element("canvas", { width: TILES * SIDE, height: TILES * SIDE, "aria-hidden": "true" });
    const landing = svg("ellipse", { class: "latent-map-landing" });
    const heart = svg("path", { class: "latent-map-heart", d: "M-.4 0h.25M.15 0h.25M0-.4v.25M0 .15v.25" });
    const labels = svg("g", { class: "latent-map-labels" });
    const density = svg("g", { class: "latent-map-density" }, ...[1, 2, 3].map((radius) => svg("circle", { r: radius })));
    const dot = svg("circle", { class: "latent-map-dot", r: 0.12 });
    // Larger than the dot that it stands for, so that a finger hits it.
    const point = svg("circle", { class: "latent-map-point", r: 0.3, tabindex: 0, role: "button" });
    const sheet = svg("rect", { x: -REACH, y: -REACH, width: 2 * REACH, height: 2 * REACH, class: "latent-map-sheet" });
    const plane = svg(
      "svg",
      { class: "latent-map-plane", viewBox: "-3 -3 6 6", role: "group", "aria-label": say("Map of digits") },
      sheet,
      density,
      labels,
      svg("g", {}, landing, heart, dot),
      point,
    );
    const size = () => [2 * REACH, 2 * REACH];
    const handle = {
      size,
      start: () => context.get("point"),
      move: (dx, dy, [x, y]) => go([x + dx, y - dy]),
      nudge: (dx, dy) => go([context.get("point")[0] + 0.05 * dx, context.get("point")[1] - 0.05 * dy]),
    };
    draggable(point, sheet, handle);
    // A press anywhere on the map fetches the point, and drags on.
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const [x, y] = position(event, sheet, size());
      go([x - REACH, REACH - y]);
    });
    draggable(sheet, sheet, handle);

    const picture = pixelCanvas({ height: SIDE, width: SIDE, label: say("The decoded digit") });
    const where = element("p", { class: "latent-map-where" });
    const numbers = numbersBehind(() => [pixelTable(say("The decoded digit"), picture.read())]);
    const landed = element("p", { class: "latent-map-landed" });
    const shown = element(
      "div",
      { class: "latent-map-side" },
      element("div", {}, element("span", { class: "ib-caption", text: say("Decoded at the point") }), picture.element),
      element("div", { class: "latent-map-code" }, where, coordinate(context, 0, go), coordinate(context, 1, go)),
    );
    let place = null;
    body.append(
      row(element("div", { class: "latent-map-map" }, paper, plane), shown),
      numbers.element,
      row(
        digitPad(context, "digit"),
        element(
          "div",
          { class: "latent-map-notes" },
          landed,
          button(say("Move the point there"), () => go(place.mean)),
          toggle(context, "show_digits", say("Where test digits lie")),
          toggle(context, "show_density", say("Where training wants codes: N(0, 1)")),
          element("p", { class: "ib-caption", text: say("N(0, 1) is drawn as circles at 1, 2 and 3 standard deviations.") }),
        ),
      ),
    );

    let labelled = false;
    context.clean(paint(weights, paper));
    context.watch(["point"], () => {
      const [x, y] = context.get("point");
      for (const circle of [dot, point]) {
        circle.setAttribute("cx", x);
        circle.setAttribute("cy", -y);
      }
      const code = say("{first}; {second}", { first: format(x), second: format(y) });
      point.setAttribute("aria-label", say("Point at {code}. Arrow keys move it.", { code }));
      picture.draw(decode(weights, [x, y]));
      picture.element.setAttribute("aria-label", say("The digit decoded at {code}", { code }));
      where.textContent = say("code: {code}", { code });
      numbers.update();
    });
    context.watch(["digit"], () => {
      place = encode(weights, digitOf(context, "digit"));
      const { mean: [x, y], deviation: [a, b] } = place;
      for (const [name, value] of Object.entries({ cx: x, cy: -y, rx: a, ry: b })) landing.setAttribute(name, value);
      heart.setAttribute("transform", `translate(${x} ${-y})`);
      const outside = Math.max(Math.abs(x), Math.abs(y)) > REACH;
      const [x0, y0, a0, b0] = [x, y, a, b].map((value) => format(value));
      const text = say("Your digit lies at {x0} ± {a0}; {y0} ± {b0}: the orange ellipse in the cross.", { x0, y0, a0, b0 });
      landed.textContent = outside ? `${text} ${say("That is outside of the map.")}` : text;
    });
    context.watch(["show_density"], () => (density.style.display = context.get("show_density") ? "" : "none"));
    context.watch(["show_digits"], () => {
      const visible = context.get("show_digits");
      if (visible && !labelled) context.clean(label(weights, context.tensors.digits, labels));
      labelled ||= visible;
      labels.style.display = visible ? "" : "none";
      paper.classList.toggle("latent-map-faint", visible);
    });
  },
};

function layer(weights, place, inputs) {
  return dense(inputs, weights[`${place}.weights`].data, weights[`${place}.bias`].data);
}

/** Do something with each item, only a little in each frame; return a function that stops it. */
function inPieces(items, act, done) {
  let next = 0;
  let frame = 0;
  const some = () => {
    const end = performance.now() + BUDGET;
    do act(items[next++]);
    while (next < items.length && performance.now() < end);
    if (next < items.length) frame = requestAnimationFrame(some);
    else done();
  };
  frame = requestAnimationFrame(some);
  return () => cancelAnimationFrame(frame);
}

/** Paint the map from the middle outwards; return a function that stops it. */
function paint(weights, canvas) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  const order = Array.from({ length: TILES * TILES }, (_, index) => [Math.floor(index / TILES), index % TILES]);
  const far = ([line, column]) => Math.hypot(...middle(line, column));
  order.sort((a, b) => far(a) - far(b));
  const tile = ([line, column]) => {
    const pixels = decode(weights, middle(line, column));
    const bytes = image.data;
    for (let i = 0; i < pixels.length; i++) {
      bytes[4 * i] = bytes[4 * i + 1] = bytes[4 * i + 2] = 255 * pixels[i];
      bytes[4 * i + 3] = 255;
    }
    context.putImageData(image, column * SIDE, line * SIDE);
  };
  return inPieces(order, tile, () => (canvas.dataset.painted = "true"));
}

/** Write test digits' labels where the encoder puts their digits; return a function that stops it. */
function label(weights, { images, labels }, group) {
  const write = (index) => {
    const bytes = images.data.subarray(index * SIDE * SIDE, (index + 1) * SIDE * SIDE);
    const { mean: [x, y] } = encode(weights, Float32Array.from(bytes, (byte) => byte / 255));
    group.append(svg("text", { x, y: -y, text: labels.data[index] }));
  };
  return inPieces(Array.from(labels.data.keys()), write, () => (group.dataset.written = "true"));
}

/** Return a slider for one of the point's two numbers. */
function coordinate(context, index, go) {
  const label = index === 0 ? say("First number") : say("Second number");
  const id = freshId();
  const output = element("output", { for: id });
  const change = () => go(context.get("point").map((value, i) => (i === index ? Number(input.value) : value)));
  const input = element("input", { id, type: "range", min: -REACH, max: REACH, step: 0.05, on: { input: change } });
  context.watch(["point"], () => {
    input.value = context.get("point")[index];
    output.textContent = format(context.get("point")[index]);
    input.setAttribute("aria-valuetext", output.textContent);
  });
  return element("div", { class: "ib-control" }, element("label", { for: id, text: label }), input, output);
}
