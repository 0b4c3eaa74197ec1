// Controls that show and change one value of a figure's state. Each is a native control with a label.

import { element, format, freshId } from "./dom.js";

/** Return a slider for a number or an integer; its ends come from the state's rule. `show` turns a value into text. */
export function slider(context, name, label, { step, show = format } = {}) {
  const { kind, low, high } = context.schema[name];
  const id = freshId();
  const output = element("output", { for: id });
  const input = element("input", {
    id,
    type: "range",
    min: low,
    max: high,
    step: step ?? (kind === "integer" ? 1 : (high - low) / 200),
    on: { input: () => context.set({ [name]: Number(input.value) }) },
  });
  context.watch([name], () => {
    const value = context.get(name);
    input.value = value;
    output.textContent = show(value);
    input.setAttribute("aria-valuetext", show(value));
  });
  return element("div", { class: "ib-control" }, element("label", { for: id, text: label }), input, output);
}

/** Return a check box for a flag. */
export function toggle(context, name, label) {
  const input = element("input", { type: "checkbox", on: { change: () => context.set({ [name]: input.checked }) } });
  context.watch([name], () => (input.checked = context.get(name)));
  return element("label", { class: "ib-control ib-toggle" }, input, element("span", { text: label }));
}

/** Return a row of radio buttons for a choice. `texts` gives each value's text, {value: text}. */
export function choice(context, name, label, texts) {
  const group = freshId();
  const inputs = context.schema[name].values.map((value) =>
    element("input", { type: "radio", name: group, value, on: { change: () => context.set({ [name]: value }) } }),
  );
  context.watch([name], () => {
    for (const [index, value] of context.schema[name].values.entries()) inputs[index].checked = value === context.get(name);
  });
  return element(
    "fieldset",
    { class: "ib-control ib-choice" },
    element("legend", { text: label }),
    ...inputs.map((input) => element("label", {}, input, element("span", { text: texts[input.value] ?? input.value }))),
  );
}

/** Return a menu whose every entry sets several values at once. `presets`: {text: values}. */
export function presets(context, label, entries) {
  const id = freshId();
  const select = element(
    "select",
    {
      id,
      on: {
        change: () => {
          if (select.value) context.set(entries[select.value]);
          select.value = "";
        },
      },
    },
    element("option", { value: "", text: "…" }),
    ...Object.keys(entries).map((text) => element("option", { value: text, text })),
  );
  return element("div", { class: "ib-control" }, element("label", { for: id, text: label }), select);
}

/** Return a button. */
export function button(label, act, properties = {}) {
  return element("button", { type: "button", text: label, on: { click: act }, ...properties });
}

/** Return controls side by side, as many as fit. */
export function row(...children) {
  return element("div", { class: "ib-row" }, ...children);
}
