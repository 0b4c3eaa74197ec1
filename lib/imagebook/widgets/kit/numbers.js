// Numbers as texts: parts of a hundred, and large counts.

import { format } from "./dom.js";

/** Return a part as percent, with at most `digits` decimals: 0.5 is "50 %". */
export function percent(part, digits = 1) {
  return `${format(100 * part, digits)}\u00a0%`;
}

/** Return an integer with its thousands apart: 14179 is "14,179". */
export function grouped(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
