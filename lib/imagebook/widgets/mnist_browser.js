// A browser of MNIST: a contact sheet, one digit large, the mean and the spread of its class, pixels as numbers.

import { button, choice, row } from "./kit/controls.js";
import { element, format } from "./kit/dom.js";
import { clamp, position } from "./kit/drag.js";
import { matrixGrid } from "./kit/grid.js";
import { pixelCanvas } from "./kit/pixels.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const [ACROSS, DOWN] = [10, 4];
const PAGE = ACROSS * DOWN;
const WINDOW = 5;
const HIGHEST_SPREAD = 127.5; // half of the pixels 0, half 255
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const figure = {
  render(context, body) {
    const images = context.tensors.mnist.images.data;
    const labels = context.tensors.mnist.labels.data;
    const classes = {};
    /** Return what there is of the chosen class: {places, mean, spread}. */
    const shown = () => {
      const name = context.get("digit");
      return (classes[name] ??= summary(images, placesOf(labels, name)));
    };
    const chosen = () => Math.min(context.get("place"), shown().places.length - 1);
    const choose = (place) => context.set({ place: clamp(place, 0, shown().places.length - 1) });

    const sheet = contactSheet(choose, chosen);
    const look = (r, c) => context.set({ row: clamp(r, 0, SIDE - 1), column: clamp(c, 0, SIDE - 1) });
    const here = () => [context.get("row"), context.get("column")];
    const [large, mean, spread] = [say("The digit"), say("Mean"), say("Spread")].map((label) => picture(label, look));
    movedByKeys(large, look, here);
    const grid = matrixGrid({ label: say("Its pixels, from 0 to 255"), digits: 0 });
    const numbers = Array.from({ length: WINDOW }, () => new Array(WINDOW).fill(0));
    const behind = numbersBehind(() => [large, mean, spread].map((one) => pixelTable(one.label, one.read(), 0)));
    const which = element("p", { class: "mnist_browser-which", role: "status" });
    const pixel = element("p", { class: "mnist_browser-pixel" });
    const page = element("span");
    const turn = (pages) => choose((Math.floor(chosen() / PAGE) + pages) * PAGE);
    const back = button("◀", () => turn(-1), { "aria-label": say("One page back") });
    const on = button("▶", () => turn(1), { "aria-label": say("One page on") });
    body.append(
      classChoice(context, labels),
      sheet.element,
      element("div", { class: "ib-control" }, back, page, on, which),
      element(
        "div",
        { class: "mnist_browser-pictures" },
        large.element,
        element("div", { class: "mnist_browser-summary" }, mean.element, spread.element),
        element("div", { class: "mnist_browser-numbers" }, grid.element, pixel),
      ),
      behind.element,
    );

    context.watch(["digit", "place"], () => {
      const { places } = shown();
      const at = chosen();
      const first = at - (at % PAGE);
      sheet.show(images, places, first);
      sheet.mark(at - first);
      page.textContent = say("page {page} of {pages}", { page: first / PAGE + 1, pages: Math.ceil(places.length / PAGE) });
      back.disabled = first === 0;
      on.disabled = first + PAGE >= places.length;
      which.textContent = say("digit {number} of {count}, class {label}", { label: labels[places[at]], number: at + 1, count: places.length });
      large.draw(digitAt(images, places[at]), { high: 255 });
      behind.update();
    });
    context.watch(["digit"], () => {
      mean.draw(shown().mean, { high: 255 });
      spread.draw(shown().spread, { high: HIGHEST_SPREAD });
    });
    context.watch(["digit", "place", "row", "column"], () => {
      const [r, c] = here();
      const digit = digitAt(images, shown().places[chosen()]);
      const [top, left] = [r, c].map((at) => clamp(at - (WINDOW >> 1), 0, SIDE - WINDOW));
      for (let i = 0; i < WINDOW; i++) for (let j = 0; j < WINDOW; j++) numbers[i][j] = digit[(top + i) * SIDE + left + j];
      grid.update(numbers, { mark: (i, j) => (top + i === r && left + j === c ? "ib-here" : ""), shade: (value) => value / 300 });
      for (const one of [large, mean, spread]) one.mark(r, c);
      const at = r * SIDE + c;
      pixel.textContent = say("Row {row}, column {column}: {value}. Mean {mean}, standard deviation {spread}.", {
        row: r + 1,
        column: c + 1,
        value: digit[at],
        mean: format(shown().mean[at], 1),
        spread: format(shown().spread[at], 1),
      });
    });
  },
};

/** Return the places of a class in a list of labels; those of "all" are all places. */
export function placesOf(labels, name) {
  const places = Array.from(labels, (_, place) => place);
  return name === "all" ? places : places.filter((place) => labels[place] === Number(name));
}

/** Return {places, mean, spread} of the images at some places: mean and standard deviation of each pixel. */
export function summary(images, places) {
  const [mean, spread] = [new Float64Array(PIXELS), new Float64Array(PIXELS)];
  for (const place of places) {
    for (let at = 0, from = place * PIXELS; at < PIXELS; at++, from++) {
      mean[at] += images[from];
      spread[at] += images[from] * images[from];
    }
  }
  const n = places.length;
  for (let at = 0; at < PIXELS; at++) {
    spread[at] = Math.sqrt(n * spread[at] - mean[at] * mean[at]) / n; // sums of integers: nothing is rounded before the root
    mean[at] /= n;
  }
  return { places, mean, spread };
}

function digitAt(images, place) {
  return images.subarray(place * PIXELS, (place + 1) * PIXELS);
}

/** Return radio buttons for the class, above each a bar for how many digits there are of it. */
function classChoice(context, labels) {
  const group = choice(context, "digit", say("Class"), { all: say("all") });
  group.classList.add("mnist_browser-classes");
  const counts = context.schema.digit.values.map((name) => placesOf(labels, name).length);
  const most = Math.max(...counts.slice(1));
  for (const [index, label] of group.querySelectorAll("label").entries()) {
    const bar = element("span", { class: "mnist_browser-bar" });
    bar.style.height = `${(2.2 * Math.min(most, counts[index])) / most}rem`;
    if (index === 0) bar.style.visibility = "hidden"; // ten times as high
    label.prepend(bar, element("span", { class: "mnist_browser-count", text: counts[index] }));
  }
  return group;
}

/** Return one canvas with a page of digits, of which one is chosen by a click or with keys. */
function contactSheet(choose, chosen) {
  const { element: canvas, draw } = pixelCanvas({ height: DOWN * SIDE, width: ACROSS * SIDE, label: say("Contact sheet") });
  const marker = element("span", { class: "mnist_browser-marker" });
  const surface = element(
    "div",
    { class: "mnist_browser-sheet", tabindex: 0, role: "application", "aria-label": say("Contact sheet: arrow keys choose a digit, Page Up and Page Down turn the page") },
    canvas,
    marker,
  );
  const pixels = new Uint8Array(PAGE * PIXELS);
  let start = 0;
  surface.addEventListener("click", (event) => {
    const [x, y] = position(event, canvas, [ACROSS, DOWN]).map(Math.floor);
    choose(start + clamp(y, 0, DOWN - 1) * ACROSS + clamp(x, 0, ACROSS - 1));
  });
  surface.addEventListener("keydown", (event) => {
    const [dx, dy] = ARROWS[event.key] ?? [0, { PageUp: -DOWN, PageDown: DOWN }[event.key] ?? 0];
    const end = { Home: 0, End: Infinity }[event.key];
    if (!dx && !dy && end === undefined) return;
    event.preventDefault();
    choose(end ?? chosen() + dx + dy * ACROSS);
  });
  const show = (images, places, first) => {
    start = first;
    pixels.fill(0);
    for (let index = 0; index < Math.min(PAGE, places.length - first); index++) {
      const [top, left] = [Math.floor(index / ACROSS) * SIDE, (index % ACROSS) * SIDE];
      const digit = digitAt(images, places[first + index]);
      for (let r = 0; r < SIDE; r++) pixels.set(digit.subarray(r * SIDE, (r + 1) * SIDE), (top + r) * ACROSS * SIDE + left);
    }
    draw(pixels, { high: 255 });
  };
  const mark = (index) => {
    marker.style.left = `${(100 * (index % ACROSS)) / ACROSS}%`;
    marker.style.top = `${(100 * Math.floor(index / ACROSS)) / DOWN}%`;
  };
  return { element: surface, show, mark };
}

/** Return a picture of 28 x 28 pixels with a mark on one; `look(row, column)` is called where the reader points. */
function picture(label, look) {
  const { element: canvas, draw, read } = pixelCanvas({ height: SIDE, width: SIDE, label });
  const marker = element("span", { class: "mnist_browser-marker mnist_browser-pixelmark" });
  const surface = element("div", { class: "mnist_browser-surface" }, canvas, marker);
  const point = (event) => {
    const [x, y] = position(event, canvas, [SIDE, SIDE]);
    look(Math.floor(y), Math.floor(x));
  };
  for (const kind of ["pointerdown", "pointermove"]) surface.addEventListener(kind, point);
  const mark = (r, c) => {
    marker.style.left = `${(100 * c) / SIDE}%`;
    marker.style.top = `${(100 * r) / SIDE}%`;
  };
  const part = element("div", { class: "mnist_browser-picture" }, element("p", { class: "ib-caption", text: label }), surface);
  return { element: part, surface, label, draw, read, mark };
}

/** Let arrow keys move the mark of a picture. */
function movedByKeys({ surface, label }, look, here) {
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-label", say("{label}: arrow keys move from pixel to pixel", { label }));
  surface.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key]) return;
    event.preventDefault();
    const [dx, dy] = ARROWS[event.key].map((step) => step * (event.shiftKey ? 5 : 1));
    const [r, c] = here();
    look(r + dy, c + dx);
  });
}
