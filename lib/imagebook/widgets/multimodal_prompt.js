// A question about a digit: both become tokens of one sequence, which a Transformer reads to say one word.

import { barChart } from "./kit/charts.js";
import { choice } from "./kit/controls.js";
import { element, format, freshId } from "./kit/dom.js";
import { percent } from "./kit/numbers.js";
import { digitOf, digitPad } from "./kit/pad.js";
import { pixelCanvas } from "./kit/pixels.js";
import { argmax, softmax } from "./kit/softmax.js";
import { numbersBehind } from "./kit/table.js";
import { say } from "./kit/text.js";
import { multimodal, patches, wordsOf } from "./kit/transformer.js";

const [SIDE, SIZE] = [28, 7];
const ACROSS = SIDE / SIZE;
const N_PATCHES = ACROSS * ACROSS;
const SHAPE = { side: SIDE, size: SIZE, heads: 4, blocks: 2 };
const BEST = 5;

export const figure = {
  render(context, body) {
    const language = context.get("_language");
    const blank = N_PATCHES + language.words;
    const known = new Map(language.vocabulary.map((word, token) => [word, token]));
    const strip = tokenStrip(context, blank);
    const heat = pixelCanvas({ height: SIDE, width: SIDE, label: "" });
    const answer = element("p", { class: "multimodal-prompt-answer", role: "status" });
    const looks = element("p", { class: "ib-caption" });
    let taken = []; // [token, its part in percent], as drawn
    const numbers = numbersBehind(() => [{ label: say("What the chosen token takes from each, in percent"), heads: [say("percent")], lines: taken, digits: 1 }]);
    const bars = barChart({ label: say("The likeliest answers"), labels: Array(BEST).fill("") });
    const names = bars.element.querySelectorAll("th");
    const sequence = say(
      "What the model reads: 16 patches, the words, and a blank to fill in. Pick one to see what it takes from the others.",
    );
    body.append(
      element(
        "div",
        { class: "multimodal-prompt-top" },
        digitPad(context, "digit", { label: say("The digit") }),
        element(
          "div",
          { class: "multimodal-prompt-talk" },
          ...questionFields(context, language),
          choice(context, "model", say("Model"), { tuned: say("tuned on instructions"), "captions only": say("captions only") }),
          answer,
          bars.element,
        ),
      ),
      element("div", {}, element("p", { class: "ib-caption", text: sequence }), strip.element),
      element(
        "div",
        { class: "multimodal-prompt-looks" },
        heat.element,
        element(
          "div",
          {},
          choice(context, "block", say("Block"), {}),
          choice(context, "head", say("Head"), { mean: say("mean") }),
          looks,
          numbers.element,
          element(
            "details",
            {},
            element("summary", { text: say("The {count} words that it knows", { count: known.size }) }),
            element("p", { text: language.vocabulary.join(", ") }),
          ),
        ),
      ),
    );

    // The model runs only when what it reads has changed, not when the reader looks elsewhere.
    let [read, pixels, words, result] = ["", null, [], null];
    const run = () => {
      const inputs = ["digit", "question", "model"].map((name) => context.get(name));
      if (read === inputs.join("\n")) return;
      read = inputs.join("\n");
      pixels = digitOf(context, "digit");
      words = wordsOf(context.get("question"));
      const problem = refusal(words, known, language.words);
      const parameters = context.tensors[language.assets[inputs[2]]];
      result = problem ? null : multimodal(parameters, pixels, words.map((word) => known.get(word)), SHAPE);
      words = words.slice(0, language.words);
      strip.show(pixels, words, known);
      const chances = result && softmax(result.logits);
      const best = chances ? Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a]).slice(0, BEST) : [];
      const text = problem || say("The model says: {word}", { word: language.vocabulary[argmax(chances)] });
      if (answer.textContent !== text) answer.textContent = text; // not to be read out again and again
      bars.element.hidden = Boolean(problem);
      for (const [place, word] of best.entries()) names[place].textContent = language.vocabulary[word];
      bars.update(best.map((word) => chances[word]), { mark: 0 });
    };

    const draw = () => {
      run();
      const places = [...Array(N_PATCHES + words.length).keys(), blank];
      const place = places.indexOf(context.get("token"));
      const chosen = place < 0 ? places.length - 1 : place; // a word that the question does not have: the blank
      const shares = result && sharesOf(result.attention[Number(context.get("block")) - 1], context.get("head"), chosen);
      strip.heat(places, shares, chosen);
      taken = shares ? places.map((place, index) => [strip.name(place), 100 * shares[index]]) : [];
      numbers.update();
      heat.draw(shares ? lit(pixels, shares) : colours(pixels), { channels: 3 });
      const onDigit = shares ? shares.slice(0, N_PATCHES).reduce((a, b) => a + b, 0) : 0;
      const text = shares
        ? say("{token} takes {digit}\u202f% from the digit and {rest}\u202f% from the words and the blank.", {
            token: strip.name(places[chosen]),
            digit: format(100 * onDigit, 0),
            rest: format(100 * (1 - onDigit), 0),
          })
        : say("The model cannot read this question, so there is nothing to see here.");
      looks.textContent = text;
      heat.element.setAttribute("aria-label", say("The digit; patches that are looked at are bright. {text}", { text }));
    };
    context.watch(["question", "model", "token", "block", "head"], draw);
    context.rest(["digit"], draw);
  },
};

/** Return why the model cannot read these words, or "". */
export function refusal(words, known, most) {
  const unknown = words.filter((word) => !known.has(word));
  if (unknown.length) {
    return say("The model does not know the word “{word}”. It knows {count} words, listed below.", { word: unknown[0], count: known.size });
  }
  if (words.length > most) return say("The model reads at most {most} words; these are {count}.", { most, count: words.length });
  return "";
}

/** Return what token `row` takes from each token, in one head ("1" to "4") or in the "mean" of them. */
export function sharesOf(heads, head, row) {
  const chosen = head === "mean" ? heads : [heads[Number(head) - 1]];
  const count = Math.sqrt(chosen[0].length);
  const mean = (other) => chosen.reduce((sum, weights) => sum + weights[row * count + other], 0) / chosen.length;
  return Array.from({ length: count }, (_, other) => mean(other));
}

/** Return a menu of questions and a field for the reader's own. */
function questionFields(context, { phrasings, captions }) {
  const kinds = {
    digit: say("Which digit"),
    even: say("Even or odd"),
    larger: say("Larger than five"),
    loops: say("Closed loops"),
  };
  const option = (text) => element("option", { value: text, text });
  const group = (label, texts) => element("optgroup", { label }, ...texts.map(option));
  const groups = Object.entries(phrasings).flatMap(([kind, { seen, held_out: heldOut }]) => [
    group(say("{kind}: wordings it was trained on", { kind: kinds[kind] ?? kind }), seen),
    group(say("{kind}: wordings new to it", { kind: kinds[kind] ?? kind }), heldOut),
  ]);
  const [menu, field] = [freshId(), freshId()];
  const select = element(
    "select",
    { id: menu, on: { change: () => select.value && context.set({ question: select.value }) } },
    element("option", { value: "", text: say("your own words") }),
    ...groups,
    group(say("Captions to finish"), captions),
  );
  const input = element("input", {
    id: field,
    type: "text",
    maxlength: context.schema.question.length[1],
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    on: { input: () => context.set({ question: input.value.replace(/[\p{Cc}\p{Cs}]/gu, " ") }) },
  });
  context.watch(["question"], () => {
    const question = context.get("question");
    if (input.value !== question) input.value = question;
    select.value = wordsOf(question).join(" ");
    if (select.selectedIndex < 0) select.value = "";
  });
  return [
    element("div", { class: "multimodal-prompt-field" }, element("label", { for: menu, text: say("Questions to pick") }), select),
    element("div", { class: "multimodal-prompt-field" }, element("label", { for: field, text: say("Question") }), input),
  ];
}

/** Return {element, show, heat, name} of the row of tokens: buttons that are made once and then only changed. */
function tokenStrip(context, blank) {
  const tokens = Array.from({ length: blank + 1 }, (_, place) => {
    const picture = place < N_PATCHES ? pixelCanvas({ height: SIZE, width: SIZE, label: "" }) : null;
    picture?.element.setAttribute("aria-hidden", "true");
    const text = place === blank ? say("blank") : "";
    const word = picture?.element ?? element("span", { class: "multimodal-prompt-word", text });
    const share = element("span", { class: "multimodal-prompt-share" });
    const on = { click: () => context.set({ token: place }) };
    const face = element("button", { type: "button", class: "multimodal-prompt-token", on }, word, share);
    return { face, word, share, picture };
  });
  const faces = tokens.map(({ face }) => face);
  const row = element("div", { class: "multimodal-prompt-tokens", role: "group", "aria-label": say("Tokens") }, ...faces);
  row.addEventListener("keydown", (event) => {
    const shown = tokens.filter(({ face }) => !face.hidden);
    const here = shown.findIndex(({ face }) => face === event.target);
    const [before, after, last] = [here - 1, here + 1, shown.length - 1];
    const ways = { ArrowLeft: before, ArrowUp: before, ArrowRight: after, ArrowDown: after, Home: 0, End: last };
    const next = shown[ways[event.key]];
    if (!next) return;
    event.preventDefault();
    next.face.focus();
    context.set({ token: tokens.indexOf(next) });
  });
  const name = (place) => {
    if (place < N_PATCHES) {
      const [row, column] = [Math.floor(place / ACROSS) + 1, (place % ACROSS) + 1];
      return say("Patch in row {row}, column {column}", { row, column });
    }
    return place === blank ? say("The blank") : say("The word “{word}”", { word: tokens[place].word.textContent });
  };
  const show = (pixels, words, known) => {
    for (const [place, patch] of patches(pixels, SIDE, SIZE).entries()) tokens[place].picture.draw(patch);
    for (let place = N_PATCHES; place < blank; place++) {
      const { face, word } = tokens[place];
      const text = words[place - N_PATCHES];
      face.hidden = text === undefined;
      word.textContent = text ?? "";
      word.classList.toggle("multimodal-prompt-unknown", text !== undefined && !known.has(text));
    }
  };
  const heat = (places, shares, chosen) => {
    for (const [index, place] of places.entries()) {
      const token = tokens[place];
      const text = shares ? percent(shares[index], 0).replace("\u00a0", "\u202f") : "–";
      const now = `${name(place)}: ${text} ${index === chosen}`;
      if (token.now === now) continue; // most of them, from one frame of a drawing to the next
      token.now = now;
      token.share.textContent = text;
      token.face.style.setProperty("--heat", shares ? `${100 * Math.sqrt(shares[index])}%` : "0%");
      token.face.setAttribute("aria-pressed", index === chosen);
      token.face.tabIndex = index === chosen ? 0 : -1;
      token.face.setAttribute("aria-label", `${name(place)}: ${text}`);
    }
  };
  return { element: row, show, heat, name };
}

/** Return the digit in colour: white ink, and behind it the light of what each patch's share is. */
function lit(pixels, shares) {
  const most = Math.max(...shares);
  const light = shares.map((share) => Math.sqrt(share / most));
  return colours(pixels, (row, column) => light[Math.floor(row / SIZE) * ACROSS + Math.floor(column / SIZE)]);
}

const LIGHT = [1, 0.6, 0.3];

function colours(pixels, light = () => 0) {
  const picture = new Float32Array(3 * pixels.length);
  for (const [at, ink] of pixels.entries()) {
    const behind = light(Math.floor(at / SIDE), at % SIDE);
    for (let channel = 0; channel < 3; channel++) picture[3 * at + channel] = ink + (1 - ink) * behind * LIGHT[channel];
  }
  return picture;
}
