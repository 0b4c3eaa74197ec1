// Every word that a figure shows passes here, so that it can be shown in the reader's language.

const messages = {};

/** Learn messages, {English: translated}: each module brings its own along (_modules.py). */
export function speak(catalogue) {
  Object.assign(messages, catalogue);
}

/** Return a text in the reader's language, with `{name}` replaced by values. */
export function say(text, values = {}) {
  return (messages[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
