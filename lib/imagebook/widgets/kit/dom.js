// The page's elements, made in one line each.

import { say } from "./text.js";

/** Return an HTML element. `properties`: attributes; `class`, `text` and `on` (events) read naturally. */
export function element(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Return an SVG element. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

/** Set an SVG element's or an HTML element's attributes. */
export function attributes(target, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === false || value == null) target.removeAttribute(name);
    else target.setAttribute(name, value === true ? "" : value);
  }
}

/** Return an id that no other element of the page has: two figures of one kind may share a page. */
export function freshId() {
  freshId.count = (freshId.count ?? 0) + 1;
  return `ib-${Math.random().toString(36).slice(2, 8)}-${freshId.count}`;
}

/** Return a number as text, with at most `digits` decimals and a real minus sign. */
export function format(value, digits = 2) {
  if (!Number.isFinite(value)) return say(Number.isNaN(value) ? "undefined" : value > 0 ? "infinity" : "minus infinity");
  const rounded = Number(value.toFixed(digits));
  return String(Object.is(rounded, -0) ? 0 : rounded).replace("-", "−");
}

/** Return whether the reader asked for less motion. */
export function prefersReducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function fill(target, { class: name, text, on = {}, ...rest }, children) {
  if (name) target.setAttribute("class", name);
  if (text !== undefined) target.textContent = text;
  attributes(target, rest);
  for (const [event, listener] of Object.entries(on)) target.addEventListener(event, listener);
  target.append(...children.filter((child) => child != null));
  return target;
}
