// The pipeline from random weights to a post-trained model: what each stage costs and what it brings.

import { barChart } from "./kit/charts.js";
import { button, row } from "./kit/controls.js";
import { element } from "./kit/dom.js";
import { grouped, percent } from "./kit/numbers.js";
import { pixelCanvas } from "./kit/pixels.js";
import { fromBase64 } from "./kit/state.js";
import { stepper } from "./kit/steps.js";
import { say } from "./kit/text.js";

const SIDE = 28;
const ACROSS = 8; // drawings in a row

/** Return the bits, 0 or 1, that a text of base64 holds, the highest of each byte first. */
export function unpackBits(text) {
  const bytes = fromBase64(text);
  return Uint8Array.from({ length: 8 * bytes.length }, (_, index) => (bytes[index >> 3] >> (7 - (index & 7))) & 1);
}

/** Return {height, width, data} of images of side x side, one after the other in `bits`, laid out in rows with grey lines between. */
export function sheet(bits, side, across) {
  const count = Math.floor(bits.length / side ** 2);
  const width = across * (side + 1) - 1;
  const height = Math.ceil(count / across) * (side + 1) - 1;
  const data = new Float32Array(height * width).fill(0.4);
  for (let index = 0; index < count * side ** 2; index++) {
    const image = Math.floor(index / side ** 2);
    const row = Math.floor(image / across) * (side + 1) + (Math.floor(index / side) % side);
    data[row * width + (image % across) * (side + 1) + (index % side)] = bits[index];
  }
  return { height, width, data };
}

export const figure = {
  render(context, body) {
    const { records, shown } = context.get("_content");
    const { images, labels } = context.tensors.digits;
    const isSampler = (record) => "samples" in record;
    const models = [
      { name: say("A classifier of digits"), rows: records.filter((record) => !isSampler(record)), charts: [] },
      { name: say("A sampler of digits"), rows: records.filter(isSampler), charts: [] },
    ];
    const charts = (model, list) => {
      model.charts = list.map(([key, label, high, show]) => {
        const chart = barChart({ label, labels: model.rows.map(({ title }) => title), high, show });
        return { key, ...chart };
      });
      return element("div", { class: "training_pipeline-charts" }, ...model.charts.map((chart) => chart.element));
    };

    const stages = records.map((record, stage) => button(record.title, () => context.set({ stage })));
    const strips = models.map(({ name, rows }) =>
      element(
        "div",
        { class: "training_pipeline-strip", role: "group", "aria-label": name },
        element("span", { class: "training_pipeline-model", text: `${name}:` }),
        ...rows.flatMap((record, index) => [index ? element("span", { "aria-hidden": "true", text: "→" }) : null, stages[records.indexOf(record)]]),
      ),
    );
    const sentence = element("p", { class: "training_pipeline-text", role: "status" });

    const answers = shown.map((index) => {
      const picture = pixelCanvas({ height: SIDE, width: SIDE, label: "" });
      const digit = images.data.subarray(index * SIDE ** 2, (index + 1) * SIDE ** 2);
      picture.draw(Float32Array.from(digit, (value) => 1 - value / 255));
      picture.element.setAttribute("aria-hidden", "true");
      const said = element("span");
      return { label: labels.data[index], said, item: element("li", {}, picture.element, said) };
    });
    const classifier = element("div", {},
      element("p", { class: "ib-caption", text: say("Ten test digits, dark on light paper, and what this stage takes them for") }),
      element("ol", { class: "training_pipeline-answers" }, ...answers.map(({ item }) => item)),
      charts(models[0], [
        ["dark", say("Accuracy on dark digits, the new task"), 1, percent],
        ["light", say("Accuracy on light digits, the old task"), 1, percent],
        ["bytes", say("Bytes of the weights"), records[0].bytes, grouped],
        ["parameters", say("Parameters"), records[0].parameters, grouped],
      ]),
    );
    const drawings = models[1].rows.map(({ samples }) => sheet(unpackBits(samples), SIDE, ACROSS));
    const paper = pixelCanvas({ height: drawings[0].height, width: drawings[0].width, label: say("Drawings of this stage") });
    const sampler = element("div", {},
      element("p", { class: "ib-caption", text: say("Sixteen drawings of this stage") }),
      element("div", { class: "training_pipeline-paper" }, paper.element),
      charts(models[1], [
        ["preferred", say("Part that has more ink than a drawing of the pre-trained sampler"), 1, percent],
        ["ink", say("Part of the pixels that is ink"), 0.5, percent],
        ["recognised", say("Part that a classifier recognises with more than 90 % certainty"), 1, percent],
        ["parameters", say("Parameters"), records.at(-1).parameters, grouped],
      ]),
    );

    const steps = stepper(context, "stage", say("Stage"), () => records.length - 1, { pause: 2500 });
    body.append(...strips, row(steps.element), sentence, classifier, sampler);
    context.watch(["stage"], () => {
      const stage = context.get("stage");
      const record = records[stage];
      for (const [index, face] of stages.entries()) face.setAttribute("aria-pressed", String(index === stage));
      const counts = Object.fromEntries(["labels", "digits", "pairs"].map((key) => [key, grouped(record[key] ?? 0)]));
      sentence.textContent = say(record.text, counts);
      classifier.hidden = isSampler(record);
      sampler.hidden = !isSampler(record);
      const model = models[Number(isSampler(record))];
      const place = model.rows.indexOf(record);
      for (const chart of model.charts) chart.update(model.rows.map((row) => row[chart.key]), { mark: place });
      if (isSampler(record)) return paper.draw(drawings[place].data);
      for (const [index, { label, said, item }] of answers.entries()) {
        const answer = record.answers[index];
        const isRight = answer === label;
        said.textContent = isRight ? say("{answer} ✓", { answer }) : say("{answer} ✗", { answer });
        item.setAttribute("class", isRight ? "" : "training_pipeline-wrong");
        item.setAttribute("aria-label", isRight ? say("a {label}: right", { label }) : say("a {label}: taken for a {answer}", { label, answer }));
      }
    });
  },
};
