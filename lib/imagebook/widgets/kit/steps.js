// Going through something step by step: first, back, on, play.

import { button } from "./controls.js";
import { element, prefersReducedMotion } from "./dom.js";
import { say } from "./text.js";

/**
 * Return buttons and a slider that move an integer of the state from 0 to `last()`.
 * Playing takes a step each `pause` milliseconds, and is not offered to readers who want less motion.
 */
export function stepper(context, name, label, last, { pause = 600 } = {}) {
  let timer = 0;
  // The state may hold a step beyond the last one: what has the steps may have become smaller since.
  const here = () => Math.min(context.get(name), last());
  const go = (step) => context.set({ [name]: Math.max(0, Math.min(last(), step)) });
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = say("Play");
    play.setAttribute("aria-pressed", "false");
  };
  const start = () => {
    if (here() === last()) go(0);
    timer = setInterval(() => (here() === last() ? stop() : go(here() + 1)), pause);
    play.textContent = say("Pause");
    play.setAttribute("aria-pressed", "true");
  };
  const play = button(say("Play"), () => (timer ? stop() : start()), { "aria-pressed": "false", class: "ib-play" });
  play.hidden = prefersReducedMotion();
  const input = element("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": label,
    on: { input: () => (stop(), go(Number(input.value))) },
  });
  const back = button("◀", () => (stop(), go(here() - 1)), { "aria-label": say("One step back") });
  const on = button("▶", () => (stop(), go(here() + 1)), { "aria-label": say("One step on") });
  const output = element("output");
  const element_ = element("div", { class: "ib-control ib-steps", role: "group", "aria-label": label }, play, back, on, input, output);
  /** Show where we are; to be called where `last()` may have changed. */
  const update = () => {
    const step = here();
    input.max = last();
    input.value = step;
    back.disabled = step === 0;
    on.disabled = step === last();
    output.textContent = say("{step} of {total}", { step: step + 1, total: last() + 1 });
    input.setAttribute("aria-valuetext", output.textContent);
  };
  context.watch([name], update);
  context.clean(stop);
  return { element: element_, update };
}
