// A mixture of experts: the gate chooses, the chosen answer, their answers are weighted and added.

import { slider } from "./kit/controls.js";
import { element, format, freshId, svg } from "./kit/dom.js";
import { dense, relu } from "./kit/network.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { argmax, softmax } from "./kit/softmax.js";
import { say } from "./kit/text.js";

const EXPERTS = 8;
const CLASSES = 10;

/**
 * Return {gate, chosen, weights, answers, logits} of an image (784 numbers from 0 to 1): the gate's probabilities, the
 * `k` chosen experts with the most probable first, each expert's weight in the sum, the logits of the chosen (null for
 * the others), and the sum. `tensors` are the asset's arrays.
 */
export function route(tensors, pixels, k) {
  const gate = softmax(layer(tensors, "1.gate", pixels));
  const order = Array.from(gate.keys()).sort((a, b) => gate[b] - gate[a] || a - b);
  const chosen = order.slice(0, k);
  // A single expert keeps its probability as its weight: otherwise that would always be 1.
  const total = k > 1 ? chosen.reduce((sum, expert) => sum + gate[expert], 0) : 1;
  const weights = gate.map((p, expert) => (chosen.includes(expert) ? p / total : 0));
  const answers = gate.map(() => null);
  const logits = new Float64Array(CLASSES);
  for (const expert of chosen) {
    answers[expert] = layer(tensors, `1.expert${expert}.2`, relu(layer(tensors, `1.expert${expert}.0`, pixels)));
    for (let digit = 0; digit < CLASSES; digit++) logits[digit] += weights[expert] * answers[expert][digit];
  }
  return { gate, chosen, weights, answers, logits };
}

export const figure = {
  render(context, body) {
    const tensors = context.tensors.mixture_of_experts;
    const shares = context.get("_shares"); // counted by the library: [k - 1][expert][digit]
    const asking = slider(context, "top_k", say("Experts asked"));
    const diagram = routingDiagram();
    const verdict = element("p", { class: "mixture-router-verdict", role: "status" });
    const rule = element("p", { class: "mixture-router-rule ib-caption" });
    const answers = expertTable(EXPERTS + 2);
    const takers = expertTable(EXPERTS);
    answers.caption.textContent = say("What each expert asked says (logits), their weighted sum, and its softmax");
    body.append(
      element(
        "div",
        { class: "mixture-router-top" },
        digitPad(context, "digit"),
        element("div", { class: "mixture-router-route" }, asking, diagram.element, verdict),
      ),
      answers.element,
      rule,
      takers.element,
    );
    context.watch(["digit", "top_k"], () => {
      const k = context.get("top_k");
      const result = route(tensors, digitOf(context, "digit"), k);
      const probabilities = softmax(result.logits);
      const best = argmax(probabilities);
      diagram.update(result, best);
      const chance = format(100 * probabilities[best], 1);
      verdict.textContent = say("Verdict: {best}, with probability {chance} %", { best, chance });
      const asked = result.chosen.map((expert) => result.answers[expert]);
      const most = Math.max(...asked.flatMap((logits) => Array.from(logits, Math.abs)), 1e-9);
      const decimal = (value) => format(value, 1);
      for (const [expert, logits] of result.answers.entries()) {
        const name = say("{expert} × {weight} %", { expert: expert + 1, weight: percent(result.weights[expert]) });
        answers.show(expert, name, logits, decimal, 1 / most);
      }
      answers.show(EXPERTS, say("sum"), result.logits, decimal, 1 / most);
      answers.show(EXPERTS + 1, say("softmax, %"), probabilities, (value) => format(100 * value, 1), 1);
      takers.mark(result.chosen);
      rule.textContent = rules(k);
    });
    context.watch(["top_k"], () => {
      const k = context.get("top_k");
      takers.caption.textContent = say(
        "Who takes what: of each digit's test images (columns), the per cent sent to each expert (rows). Asked for each: {k}",
        { k },
      );
      for (const [expert, parts] of shares[k - 1].entries()) takers.show(expert, String(expert + 1), parts, percent, 1);
    });
  },
};

function layer(tensors, name, inputs) {
  return dense(inputs, tensors[`${name}.weights`].data, tensors[`${name}.bias`].data);
}

function percent(part) {
  return format(100 * part, 0);
}

function rules(k) {
  const weights =
    k === 1
      ? say("A single expert's weight is the gate's probability of it.")
      : say("Weights: the gate's probabilities of the experts asked, made to sum to 1.");
  const trained =
    k === 2 ? say("The model was trained like this.") : say("The model was trained with two asked: this is a what-if.");
  return `${weights} ${trained}`;
}

/** Return {element, caption, show, mark} of a table with a column for each digit and `count` rows. */
function expertTable(count) {
  const id = freshId();
  const caption = element("p", { id, class: "ib-caption" }); // not in the table: it would scroll sideways with it
  const digits = Array.from({ length: CLASSES }, (_, digit) => element("th", { scope: "col", text: digit }));
  const rows = Array.from({ length: count }, () => {
    const head = element("th", { scope: "row" });
    const cells = Array.from({ length: CLASSES }, () => element("td"));
    return { head, cells, line: element("tr", {}, head, ...cells) };
  });
  const table = element(
    "table",
    { class: "ib-grid mixture-router-table", "aria-labelledby": id },
    element("thead", {}, element("tr", {}, element("th", { scope: "col", text: say("expert") }), ...digits)),
    element("tbody", {}, ...rows.map(({ line }) => line)),
  );
  /** Fill a row; null hides it. `show` turns a value into text; times `scale` it is the strength of the colour. */
  const show = (index, name, values, text, scale) => {
    const { head, cells, line } = rows[index];
    line.hidden = values === null;
    if (values === null) return;
    head.textContent = name;
    for (const [digit, cell] of cells.entries()) {
      const strength = values[digit] * scale;
      cell.textContent = text(values[digit]);
      cell.style.setProperty("--ib-shade", `${Math.min(1, Math.abs(strength)) * 50}%`);
      cell.style.setProperty("--ib-hue", strength < 0 ? "var(--ib-second)" : "var(--ib-accent)");
    }
  };
  const mark = (chosen) => {
    for (const [index, { line }] of rows.entries()) line.classList.toggle("mixture-router-chosen", chosen.includes(index));
  };
  const scroll = element("div", { class: "ib-scroll", tabindex: 0, role: "group", "aria-labelledby": id }, table);
  return { element: element("div", {}, caption, scroll), caption, show, mark };
}

const GATE = [34, 150];
const SUM = [322, 150];
const BOX = { x: 118, width: 134, height: 28 };

/** Return {element, update} of the way from the gate through the experts to the sum; a line's width is a weight. */
function routingDiagram() {
  const experts = Array.from({ length: EXPERTS }, (_, expert) => {
    const y = 22 + 36.5 * expert;
    const path = (x0, y0, x1, y1) => svg("path", { d: `M${x0} ${y0}C${(x0 + x1) / 2} ${y0} ${(x0 + x1) / 2} ${y1} ${x1} ${y1}` });
    return {
      before: path(...GATE, BOX.x, y),
      after: path(BOX.x + BOX.width, y, ...SUM),
      face: svg("rect", { ...BOX, y: y - 14, rx: 5, class: "mixture-router-face" }),
      bar: svg("rect", { ...BOX, y: y - 14, rx: 5, class: "mixture-router-bar" }),
      name: svg("text", { x: BOX.x + 8, y: y + 5 }),
      answer: svg("text", { x: BOX.x + BOX.width - 8, y: y + 5, "text-anchor": "end" }),
    };
  });
  const ball = ([x, y], text) => [
    svg("circle", { cx: x, cy: y, r: 30 }),
    svg("text", { x, y: y + 5, "text-anchor": "middle", text }),
  ];
  const best = svg("text", { x: SUM[0], y: SUM[1] + 62, "text-anchor": "middle", class: "mixture-router-best" });
  const picture = svg(
    "svg",
    { class: "mixture-router-diagram", viewBox: "0 0 356 300", role: "img" },
    ...experts.flatMap(({ before, after }) => [before, after]),
    ...experts.flatMap(({ face, bar, name, answer }) => [face, bar, name, answer]),
    ...ball(GATE, say("gate")),
    ...ball(SUM, say("sum")),
    best,
  );
  const update = ({ gate, chosen, weights, answers }, digit) => {
    for (const [expert, { before, after, face, bar, name, answer }] of experts.entries()) {
      const asked = answers[expert] !== null;
      before.setAttribute("class", asked ? "mixture-router-line" : "mixture-router-faint");
      before.setAttribute("stroke-width", Math.max(1, 16 * gate[expert]));
      after.setAttribute("class", "mixture-router-line");
      after.setAttribute("stroke-width", asked ? Math.max(1, 16 * weights[expert]) : 0);
      face.classList.toggle("mixture-router-asked", asked);
      bar.setAttribute("width", BOX.width * gate[expert]);
      name.textContent = say("{expert}: {gate} %", { expert: expert + 1, gate: percent(gate[expert]) });
      name.setAttribute("class", asked ? "mixture-router-strong" : "");
      answer.textContent = asked ? say("says {digit}", { digit: argmax(answers[expert]) }) : "";
    }
    best.textContent = digit;
    const said = chosen.map((expert) => {
      const values = { expert: expert + 1, part: percent(gate[expert]), said: argmax(answers[expert]) };
      return say("expert {expert} ({part} %), who says {said}", values);
    });
    picture.setAttribute("aria-label", say("The gate asks {said}. Their sum says {digit}.", { said: said.join("; "), digit }));
  };
  return { element: picture, update };
}
