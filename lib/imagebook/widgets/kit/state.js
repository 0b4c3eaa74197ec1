// The rules that a figure's state keeps, whoever sets it: a control, Python, or a link from a stranger.

/** Return `value` if it keeps a rule from Python's traits, otherwise throw a TypeError that says what is wanted. */
export function checked(rule, value) {
  const test = KINDS[rule.kind];
  if (!test) throw new TypeError(`no rule of kind ${rule.kind}`);
  if (!test(rule, value)) throw new TypeError(`wanted ${JSON.stringify(rule)}`);
  return value;
}

/** Return what a link says, as far as it keeps the rules: {values, refused}, where refused lists names. */
export function accept(schema, given) {
  const values = {};
  const refused = [];
  const entries = given !== null && typeof given === "object" && !Array.isArray(given) ? Object.entries(given) : [["", given]];
  for (const [name, value] of entries) {
    try {
      if (!Object.hasOwn(schema, name)) throw new TypeError("no such name");
      values[name] = checked(schema[name], value);
    } catch {
      refused.push(name);
    }
  }
  return { values, refused };
}

/** Return the pixels (uint8, row by row) that a text of base64 holds. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Return bytes as a text of base64. */
export function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const isBetween = (value, low, high) => typeof value === "number" && Number.isFinite(value) && value >= low && value <= high;
const isLength = (list, low, high) => Array.isArray(list) && list.length >= low && list.length <= high;

// As the traits in _traits.py; a test holds the two equal.
const KINDS = {
  number: (rule, value) => isBetween(value, rule.low, rule.high),
  integer: (rule, value) => Number.isInteger(value) && isBetween(value, rule.low, rule.high),
  flag: (rule, value) => typeof value === "boolean",
  choice: (rule, value) => rule.values.includes(value),
  text: ({ length }, value) => typeof value === "string" && isBetween([...value].length, ...length) && !/[\p{Cc}\p{Cs}]/u.test(value),
  vector: ({ length, low, high }, value) => isLength(value, ...length) && value.every((x) => isBetween(x, low, high)),
  box: ({ width, height }, value) =>
    isLength(value, 4, 4) && isBetween(value[0], 0, value[2]) && isBetween(value[2], 0, width) && isBetween(value[1], 0, value[3]) && isBetween(value[3], 0, height),
  matrix: ({ rows, columns, low, high }, value) =>
    isLength(value, ...rows) &&
    value.every((row) => isLength(row, ...columns) && row.length === value[0].length && row.every((x) => isBetween(x, low, high))),
  pixels: ({ height, width }, value) => {
    if (typeof value !== "string" || value.length !== 4 * Math.ceil((height * width) / 3)) return false;
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return false;
    return atob(value).length === height * width;
  },
};
