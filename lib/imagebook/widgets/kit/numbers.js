// Numbers as texts: parts of a hundred, and large counts.

import { format } from "./dom.js";
import { say } from "./text.js";

/** Return a part as percent, with at most `digits` decimals: 0.5 is "50 %". */
export function percent(part, digits = 1) {
  return say("{part} %", { part: format(100 * part, digits) }).replace(" ", "\u00a0");
}

/** Return a number, or its text, with its thousands apart: 14179 is "14,179". */
export function grouped(value) {
  const [whole, ...decimals] = String(value).split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...decimals].join(".");
}
