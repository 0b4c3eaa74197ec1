// Every word that a figure shows passes here, so that it can be shown in the reader's language.

let messages = {};

/** Use a catalogue, {English: translated}. */
export function speak(catalogue) {
  messages = catalogue ?? {};
}

/** Return a text in the reader's language, with `{name}` replaced by values. */
export function say(text, values = {}) {
  return (messages[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
