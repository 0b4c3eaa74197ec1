// Downsampling in its two meanings: fewer pixels of an image, and fewer examples of a class.

import { choice, row, slider } from "./kit/controls.js";
import { element, format, freshId, svg } from "./kit/dom.js";
import { pixelCanvas } from "./kit/pixels.js";
import { uniforms } from "./kit/random.js";
import { downsample } from "./kit/resampling.js";
import { photographs, pictureSource } from "./kit/source.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SIDE = 192;
const COLUMNS = 40; // dots side by side

export const figure = {
  render(context, body) {
    const parts = { image: imagePart(context), classes: classesPart(context) };
    body.append(
      choice(context, "meaning", say("Keep less of:"), { image: say("an image"), classes: say("a training set") }),
      ...Object.values(parts),
    );
    context.watch(["meaning"], () => {
      for (const [name, part] of Object.entries(parts)) part.hidden = name !== context.get("meaning");
    });
  },
};

function imagePart(context) {
  const [before, after] = [panel(say("before")), panel(say("after"))];
  const result = element("p", { class: "downsampling_bench-result" });
  const numbers = numbersBehind(() => (picture ? [before, after].map((one) => pixelTable(one.name, one.read())) : []));
  let picture = null;
  const work = () => {
    if (!picture) return;
    const [factor, antialias] = [context.get("factor"), context.get("antialias")];
    const small = downsample(picture, factor, { channels: picture.channels, antialias });
    after.show(small, picture.channels, factor, picture);
    result.textContent = describe(picture, small, factor, antialias);
    numbers.update();
  };
  const photograph = photographs(context);
  const computed = { "zone plate": zonePlate, stripes };
  const source = pictureSource(context, "source", {
    make: async (name) => (computed[name] ? { ...computed[name](), channels: 1 } : { ...(await photograph(name)), channels: 3 }),
    use: (found) => {
      picture = { channels: 3, ...found };
      before.show(picture, picture.channels, 1, picture);
      work();
    },
  });
  const controls = [
    slider(context, "factor", say("Factor")),
    flagChoice(context, "antialias", say("Each block becomes"), [say("its top left pixel"), say("its mean")]),
    row(
      choice(context, "source", say("Picture:"), { "zone plate": say("zone plate"), stripes: say("stripes"), cat: say("cat"), coffee: say("coffee"), rocket: say("rocket") }),
      source,
    ),
  ];
  context.watch(["factor", "antialias"], work);
  return element("div", { class: "downsampling_bench-part" }, element("div", { class: "downsampling_bench-pair" }, before.element, after.element), result, numbers.element, ...controls);
}

/** Return {element, show} of a picture in a frame of the shape that the whole picture has. */
function panel(name) {
  const { element: canvas, draw, resize, read } = pixelCanvas({ height: SIDE, width: SIDE, label: name });
  const caption = element("figcaption", { class: "ib-caption" });
  const frame = element("div", { class: "downsampling_bench-frame" }, canvas);
  const show = (picture, channels, factor, whole) => {
    if (canvas.height !== picture.height || canvas.width !== picture.width) resize(picture.height, picture.width);
    draw(picture.data, { channels });
    frame.style.aspectRatio = `${whole.width} / ${whole.height}`;
    // The last blocks may be cut off, as the picture's border cuts them.
    canvas.style.width = `${(100 * picture.width * factor) / whole.width}%`;
    canvas.classList.toggle("downsampling_bench-smooth", factor === 1);
    caption.textContent = say("{name}: {width} × {height}", { name, width: picture.width, height: picture.height });
    canvas.setAttribute("aria-label", caption.textContent);
  };
  return { element: element("figure", { class: "downsampling_bench-panel" }, frame, caption), show, read, name };
}

function describe(picture, small, factor, antialias) {
  const values = {
    from: say("{width} × {height}", { width: picture.width, height: picture.height }),
    to: say("{width} × {height}", { width: small.width, height: small.height }),
    block: say("{factor} × {factor}", { factor }),
    count: factor * factor,
    others: factor * factor - 1,
    finest: 2 * factor,
  };
  if (factor === 1) return say("{from} → {to}: every pixel is left.", values);
  return antialias
    ? say("{from} → {to}: one of {count} pixels is left, the mean of a block of {block}. What repeats faster than every {finest} pixels is averaged away, or nearly.", values)
    : say("{from} → {to}: one of {count} pixels is left; nobody looks at the other {others}. What repeats faster than every {finest} pixels comes back as a pattern that was never there: aliasing.", values);
}

function classesPart(context) {
  const dots = ["majority", "minority"].map((name) => ({ kept: dotPath(`kept downsampling_bench-${name}`), left: dotPath("left"), hole: dotPath("hole") }));
  const most = ["majority", "minority"].map((name) => Math.ceil(context.schema[name].high / COLUMNS));
  const gap = 1; // rows between the classes
  const view = svg("svg", { class: "downsampling_bench-dots", viewBox: `-0.2 -0.2 ${COLUMNS + 0.4} ${most[0] + gap + most[1] + 0.4}`, role: "img" });
  for (const { kept, left, hole } of dots) view.append(left, hole, kept);
  const result = element("p", { class: "downsampling_bench-result" });
  const advice = element("p", { class: "downsampling_bench-result" });
  const uniform = uniforms(1);
  const lots = Array.from({ length: context.schema.majority.high }, uniform); // who is kept: those with the smallest lots
  context.watch(["majority", "minority", "ratio"], () => {
    const sizes = [context.get("majority"), context.get("minority")];
    const kept = keptCounts(sizes, context.get("ratio"));
    for (const [index, size] of sizes.entries()) {
      const isKept = chosen(lots.slice(0, size), kept[index]);
      const top = index * (most[0] + gap);
      const [full, empty] = [true, false].map((wanted) => pathOf(isKept, wanted, top));
      dots[index].kept.setAttribute("d", full);
      for (const path of [dots[index].left, dots[index].hole]) path.setAttribute("d", empty);
    }
    const values = {
      all: sizes[0], rare: sizes[1], kept: kept[0],
      before: format(sizes[0] / sizes[1], 1), after: format(kept[0] / sizes[1], 1),
      factor: format(sizes[0] / kept[0], 2),
      truth: format((100 * sizes[1]) / (sizes[0] + sizes[1]), 1),
      belief: format((100 * sizes[1]) / (kept[0] + sizes[1]), 1),
    };
    result.textContent = say("{kept} of {all} examples of the majority class are kept, and all {rare} of the minority class: {after} to 1 in place of {before} to 1.", values);
    advice.textContent =
      kept[0] === sizes[0]
        ? say("The classes are within the ratio: nothing is left out, and probabilities need no correction.")
        : say(
            "A model trained on these believes that {belief} % of all examples are of the minority class, not {truth} %. Let each kept example of the majority class count {factor} times (upweighting), or correct the model's probabilities afterwards.",
            values,
          );
    view.setAttribute("aria-label", say("Dots, one for each example; full dots are kept. {text}", { text: result.textContent }));
  });
  return element(
    "div",
    { class: "downsampling_bench-part" },
    view,
    element("p", { class: "downsampling_bench-key ib-caption" }, key("majority", say("majority class, kept")), key("minority", say("minority class, kept")), key("none", say("left out"))),
    result,
    advice,
    slider(context, "majority", say("Majority class")),
    slider(context, "minority", say("Minority class")),
    slider(context, "ratio", say("Largest ratio"), { step: 0.5, show: (ratio) => say("{ratio} to 1", { ratio: format(ratio, 1) }) }),
  );
}

function key(name, text) {
  return element("span", { class: `downsampling_bench-key-${name}`, text });
}

function dotPath(name) {
  return svg("path", { class: `downsampling_bench-${name}` });
}

// A line without length and with round ends is a dot.
function pathOf(isKept, wanted, top) {
  let path = "";
  for (const [index, value] of isKept.entries()) {
    if (value === wanted) path += `M${(index % COLUMNS) + 0.5} ${top + Math.floor(index / COLUMNS) + 0.5}h0`;
  }
  return path;
}

// A flag whose two values both deserve words.
function flagChoice(context, name, label, texts) {
  const group = freshId();
  const inputs = [false, true].map((value) => element("input", { type: "radio", name: group, on: { change: () => context.set({ [name]: value }) } }));
  context.watch([name], () => (inputs[Number(context.get(name))].checked = true));
  const labelled = inputs.map((input, index) => element("label", {}, input, element("span", { text: texts[index] })));
  return element("fieldset", { class: "ib-control ib-choice" }, element("legend", { text: label }), ...labelled);
}

/** Return how many examples of each class are kept, as imagebook.sampling.downsample_majority keeps them. */
export function keptCounts(sizes, ratio) {
  const limit = Math.floor(ratio * Math.min(...sizes));
  return sizes.map((size) => Math.min(size, limit));
}

/** Return for each lot whether it is among the `count` smallest. */
export function chosen(lots, count) {
  const order = lots.map((_, index) => index).sort((a, b) => lots[a] - lots[b]);
  const isChosen = lots.map(() => false);
  for (const index of order.slice(0, count)) isChosen[index] = true;
  return isChosen;
}

/** Return rings that grow finer outwards: they repeat every 320 / r pixels at a distance of r from the middle. */
export function zonePlate() {
  const middle = (SIDE - 1) / 2;
  return computedPicture((row, column) => (Math.PI * ((row - middle) ** 2 + (column - middle) ** 2)) / 320);
}

/** Return slanted stripes that repeat every 4.5 pixels to the right and every 32 downward. */
export function stripes() {
  return computedPicture((row, column) => 2 * Math.PI * (column / 4.5 + row / 32));
}

function computedPicture(phase) {
  const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => 0.5 + 0.5 * Math.cos(phase(Math.floor(i / SIDE), i % SIDE)));
  return { height: SIDE, width: SIDE, data };
}
