// The frame of every figure, and what a figure is given to live on.

import { element, freshId } from "./dom.js";
import { accept } from "./state.js";
import { say } from "./text.js";
import { readTensors } from "./tensors.js";

const REST = 120; // milliseconds: longer than between two moves of a hand, too short to wait for

/**
 * Return the `render` that anywidget and the page's host call.
 *
 * `figure` has `render(context, body)`, which fills the empty element `body`. The context:
 *   get(name)            a value of the state
 *   set({name: value})   change the state; Python hears of it
 *   watch(names, draw)   call `draw` now, and once per frame in which one of the names changed
 *   rest(names, draw)    call `draw` now, and when the names have rested for a moment: for what takes long
 *   schema               the rules of the state, {name: rule}
 *   tensors              what the figure's assets hold, {asset: {name: {shape, data}}}
 *   notice(text)         say something below the figure, aloud too
 *   clean(function)      call it when the figure goes away
 */
export function present(figure) {
  return async ({ model, el }) => {
    const assets = Object.entries(model.get("_assets") ?? {});
    const tensors = Object.fromEntries(await Promise.all(assets.map(async ([name, bytes]) => [name, await readTensors(bytes)])));
    const context = new Context(model, tensors);
    const title = freshId();
    const body = element("div", { class: "ib-body" });
    const tools = element("div", { class: "ib-tools" }, tool(say("Start again"), () => context.set(start)));
    if (model.address) tools.append(tool(say("Copy link"), () => copyLink(context)));
    const frame = element(
      "div",
      { class: "ib-figure", role: "group", "aria-labelledby": title },
      element("div", { class: "ib-head" }, element("strong", { id: title, text: model.get("_title") }), tools),
      element("p", { class: "ib-help", text: model.get("_help") }),
      body,
      context.status,
    );
    frame.addEventListener("keydown", keepKey);
    // What "Start again" goes back to is what the author wrote, not what the link says.
    const start = context.state();
    context.follow(model.given);
    figure.render(context, body);
    el.replaceChildren(frame);
    return () => context.end();
  };
}

class Context {
  constructor(model, tensors) {
    this.model = model;
    this.tensors = tensors;
    this.schema = model.get("_schema");
    this.status = element("p", { class: "ib-notice", role: "status" });
    this.cleaners = [];
    this.waiting = new Set();
    this.frame = 0;
  }

  get(name) {
    return this.model.get(name);
  }

  set(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  state() {
    return Object.fromEntries(Object.keys(this.schema).map((name) => [name, this.get(name)]));
  }

  watch(names, draw) {
    const later = () => {
      this.waiting.add(draw);
      this.frame ||= requestAnimationFrame(() => this.draw());
    };
    for (const name of names) {
      this.model.on(`change:${name}`, later);
      this.clean(() => this.model.off(`change:${name}`, later));
    }
    draw();
  }

  rest(names, draw) {
    let timer = 0;
    let isFirst = true; // which `watch` calls at once
    this.watch(names, () => {
      clearTimeout(timer);
      if (isFirst) draw();
      else timer = setTimeout(draw, REST);
      isFirst = false;
    });
    this.clean(() => clearTimeout(timer));
  }

  draw() {
    const draws = [...this.waiting];
    this.waiting.clear();
    this.frame = 0;
    for (const draw of draws) draw();
  }

  /** Take over what a link says. */
  follow(given) {
    if (given === undefined) return;
    const { values, refused } = accept(this.schema, given);
    this.set(values);
    if (refused.length) this.notice(say("A part of this link cannot be read; that part is as at the start."));
  }

  notice(text) {
    this.status.textContent = text;
  }

  clean(cleaner) {
    this.cleaners.push(cleaner);
  }

  end() {
    cancelAnimationFrame(this.frame);
    for (const cleaner of this.cleaners) cleaner();
  }
}

/** Keep a key to the figure: in JupyterLab an arrow would go to the next cell, on some websites to the next page. */
function keepKey(event) {
  if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
}

function tool(label, act) {
  return element("button", { type: "button", text: label, on: { click: act } });
}

async function copyLink(context) {
  const address = context.model.address(context.state());
  try {
    await navigator.clipboard.writeText(address);
    context.notice(say("The link is copied. It opens this page with the figure as you see it now."));
  } catch {
    const field = element("input", { readonly: true, value: address, "aria-label": say("Link to this figure as it is now") });
    context.status.replaceChildren(field);
    field.select();
  }
}
