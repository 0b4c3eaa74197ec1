// Augmentation studio: a digit, the same digit changed, and twelve random variants, each with the network's verdict.

import { augmented, variant } from "./kit/augment.js";
import { barChart } from "./kit/charts.js";
import { pooledCnn } from "./kit/cnn.js";
import { button, presets, row, slider, toggle } from "./kit/controls.js";
import { element, format } from "./kit/dom.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { uniforms } from "./kit/random.js";
import { argmax } from "./kit/softmax.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const SETTINGS = ["angle", "vertical", "horizontal", "mirror", "shear", "noise", "hole", "seed"];
const NONE = { angle: 0, vertical: 1, horizontal: 1, mirror: false, shear: 0, noise: 0, hole: 0 };
const VARIANTS = 12;
const AT_A_TIME = 3; // variants made in one go, so that a moving slider never waits

export const figure = {
  render(context, body) {
    const weights = context.tensors.cnn;
    const classify = (pixels) => pooledCnn(weights, pixels);
    const picture = (label) => pixelCanvas({ height: 28, width: 28, label });
    const large = picture(say("Changed digit"));
    const numbers = numbersBehind(() => [pixelTable(say("Changed digit"), large.read())]);
    const verdict = element("p", { class: "ib-compare-verdict", role: "status" });
    const bars = barChart({ label: say("What the network sees in the changed digit"), labels: "0123456789".split("") });
    const variants = Array.from({ length: VARIANTS }, (_, i) => {
      const canvas = picture(say("Variant {number}", { number: i + 1 }));
      const caption = element("figcaption");
      return { canvas, caption, element: element("figure", { class: "augmentation_studio-variant" }, canvas.element, caption) };
    });
    const count = element("p", { class: "ib-caption" });
    const degrees = (value) => `${format(value, 0)}°`;
    body.append(
      element("div", { class: "ib-compare" },
        digitPad(context, "digit", { label: say("Digit") }),
        element("div", { class: "ib-compare-changed" }, large.element, verdict),
        bars.element,
      ),
      numbers.element,
      element("div", { class: "augmentation_studio-controls" },
        slider(context, "angle", say("Rotate"), { step: 1, show: degrees }),
        slider(context, "shear", say("Shear"), { step: 1, show: degrees }),
        slider(context, "vertical", say("Stretch upright"), { step: 0.05 }),
        slider(context, "horizontal", say("Stretch sideways"), { step: 0.05 }),
        slider(context, "noise", say("Noise"), { step: 0.01 }),
        slider(context, "hole", say("Erase"), { show: (value) => say("{side} pixels", { side: value }) }),
      ),
      row(
        toggle(context, "mirror", say("Mirror")),
        presets(context, say("Example"), {
          [say("nothing changed")]: NONE,
          [say("half a turn: a 6 becomes a 9")]: { ...NONE, angle: 180 },
          [say("mirrored")]: { ...NONE, mirror: true },
          [say("careful: still the same digit")]: { ...NONE, angle: 10, vertical: 1.1, horizontal: 1.1, shear: 8, noise: 0.05 },
          [say("too much of everything")]: { ...NONE, angle: 90, vertical: 1.5, horizontal: 0.6, mirror: true, shear: 40, noise: 0.35, hole: 10 },
        }),
        button(say("Other variants"), () => context.set({ seed: (context.get("seed") + 1) % (context.schema.seed.high + 1) })),
      ),
      count,
      element("div", { class: "augmentation_studio-variants" }, ...variants.map((part) => part.element)),
    );

    let digit = null;
    let pixels = null;
    let before = 0; // what the network calls the unchanged digit
    let timer = 0;
    context.clean(() => clearTimeout(timer));

    const changes = () => Object.fromEntries(SETTINGS.map((name) => [name, context.get(name)]));
    const drawVariants = () => {
      const uniform = uniforms(context.get("seed") + 2000); // not the numbers of noise and squares
      const all = variants.map(() => variant(changes(), uniform));
      let same = 0;
      let next = 0;
      const some = () => {
        for (const end = Math.min(next + AT_A_TIME, VARIANTS); next < end; next++) {
          const { canvas, caption, element: part } = variants[next];
          const result = augmented(pixels, all[next]);
          const probabilities = classify(result);
          const best = argmax(probabilities);
          canvas.draw(result);
          caption.textContent = say("{mark} {digit} · {percent} %", { mark: best === before ? "=" : "≠", digit: best, percent: format(100 * probabilities[best], 0) });
          part.classList.toggle("augmentation_studio-other", best !== before);
          same += best === before;
        }
        if (next < VARIANTS) timer = setTimeout(some);
        else count.textContent = say("Random variants within these limits; {same} of {all} are still called {digit} (=)", { same, all: VARIANTS, digit: before });
      };
      clearTimeout(timer);
      timer = setTimeout(some);
    };

    context.watch(["digit", ...SETTINGS], () => {
      if (context.get("digit") !== digit) {
        digit = context.get("digit");
        pixels = digitOf(context, "digit");
        before = argmax(classify(pixels));
      }
      const result = augmented(pixels, changes());
      const probabilities = classify(result);
      const after = argmax(probabilities);
      large.draw(result);
      numbers.update();
      bars.update(probabilities, { mark: after });
      const text = after === before ? say("Still called {after}", { after }) : say("Was {before}, now called {after}", { before, after });
      if (verdict.textContent !== text) verdict.textContent = text;
    });
    context.rest(["digit", ...SETTINGS], drawVariants);
  },
};
