// Invariance meter: a turned, moved or resized digit under four networks, and their accuracy under every such change.

import { barChart, lineChart } from "./kit/charts.js";
import { pooledCnn, stridedCnn } from "./kit/cnn.js";
import { choice, row, slider, toggle } from "./kit/controls.js";
import { element, format } from "./kit/dom.js";
import { about, rotation, scaling, translation, warp } from "./kit/geometry.js";
import { percent } from "./kit/numbers.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { argmax } from "./kit/softmax.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const CHANGES = { angle: (value) => rotation(value), shift: (value) => translation(0, value), size: (value) => scaling(value) };

/** Return 28 x 28 pixels turned by an angle, moved to the right by pixels, or resized by a factor. */
export function changed(pixels, change, value) {
  return warp({ height: 28, width: 28, data: pixels }, about(CHANGES[change](value), [14, 14]));
}

/** Return where a curve through points (xs, ys), xs rising, is at x: beyond its ends it stays level. */
export function interpolate(xs, ys, x) {
  const next = xs.findIndex((value) => value >= x);
  if (next < 1) return ys[next < 0 ? ys.length - 1 : 0];
  return ys[next - 1] + ((x - xs[next - 1]) / (xs[next] - xs[next - 1])) * (ys[next] - ys[next - 1]);
}

/** Return the name of a network in the asset. */
export function networkName(pooling, augmented) {
  return (pooling ? "pooled" : "strided") + (augmented ? "_augmented" : "");
}

export const figure = {
  render(context, body) {
    const tensors = context.tensors.invariance;
    const shows = { angle: (value) => `${format(value, 0)}°`, shift: (value) => say("{value} pixels", { value: format(value, 1) }), size: (value) => `× ${format(value)}` };
    const axes = {
      angle: { label: say("Angle in degrees"), low: -180, high: 180, ticks: [-180, -90, 0, 90, 180] },
      shift: { label: say("Shift to the right in pixels"), low: -10, high: 10, ticks: [-10, -5, 0, 5, 10] },
      size: { label: say("Factor of size"), low: 0.4, high: 1.8, ticks: [0.4, 0.7, 1, 1.3, 1.6] },
    };
    const changes = Object.keys(CHANGES);
    const sliders = {
      angle: slider(context, "angle", say("Rotate"), { step: 1, show: shows.angle }),
      shift: slider(context, "shift", say("Shift"), { step: 0.5, show: shows.shift }),
      size: slider(context, "size", say("Resize"), { step: 0.05, show: shows.size }),
    };
    const accuracyAxis = { label: say("Part of 1,000 test digits that are recognised"), low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1] };
    const charts = Object.fromEntries(changes.map((name) => [name, lineChart({ label: say("Accuracy"), x: axes[name], y: accuracyAxis, show: (part) => percent(part, 0) })]));
    const large = pixelCanvas({ height: 28, width: 28, label: say("Changed digit") });
    const numbers = numbersBehind(() => [pixelTable(say("Changed digit"), large.read())]);
    const verdict = element("p", { class: "ib-compare-verdict", role: "status" });
    const bars = barChart({ label: say("What this network sees"), labels: "0123456789".split("") });
    const result = element("p", { class: "invariance_meter-result" });
    body.append(
      element("div", { class: "ib-compare" },
        digitPad(context, "digit", { label: say("Digit") }),
        element("div", { class: "ib-compare-changed" }, large.element, verdict),
        bars.element,
      ),
      numbers.element,
      row(choice(context, "change", say("Change"), { angle: say("turn"), shift: say("move"), size: say("resize") }), ...Object.values(sliders)),
      row(toggle(context, "pooling", say("Pooling (otherwise strides)")), toggle(context, "augmented", say("Trained on augmented digits"))),
      result,
      ...Object.values(charts).map((chart) => chart.element),
    );

    const describe = (pooling, augmented) =>
      say("{shrinking}, {training}", { shrinking: pooling ? say("pooling") : say("strides"), training: augmented ? say("augmented digits") : say("plain digits") });
    const points = (name, change) => Array.from(tensors[change].data, (x, i) => [x, tensors[`${name}.${change}`].data[i]]);

    context.watch(["digit", ...changes, "change", "pooling", "augmented"], () => {
      const [change, pooling, augmented] = ["change", "pooling", "augmented"].map((name) => context.get(name));
      const value = context.get(change);
      const network = networkName(pooling, augmented);
      const classify = (pixels) => (pooling ? pooledCnn : stridedCnn)(tensors, pixels, `${network}.`);
      const pixels = digitOf(context, "digit");
      const moved = changed(pixels, change, value);
      const probabilities = classify(moved);
      const [before, after] = [argmax(classify(pixels)), argmax(probabilities)];
      large.draw(moved);
      numbers.update();
      bars.update(probabilities, { mark: after });
      const text = before === after ? say("Still called {after}", { after }) : say("Was {before}, now called {after}", { before, after });
      if (verdict.textContent !== text) verdict.textContent = text;
      for (const name of changes) sliders[name].hidden = charts[name].element.hidden = name !== change;
      const accuracy = interpolate(tensors[change].data, tensors[`${network}.${change}`].data, value);
      result.textContent = say("Of 1,000 test digits changed so ({change}), this network recognises {part}.", { change: shows[change](value), part: percent(accuracy, 0) });
      const others = [[pooling, !augmented], [!pooling, augmented]];
      charts[change].update(
        [
          { name: say("This network: {kind}", { kind: describe(pooling, augmented) }), points: points(network, change) },
          ...others.map((kind) => ({ name: describe(...kind), points: points(networkName(...kind), change) })),
        ],
        { x: value, y: accuracy, text: result.textContent },
      );
    });
  },
};
