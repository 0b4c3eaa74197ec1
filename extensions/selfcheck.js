// Self-checks: says whether an answer is right and why, and remembers in this browser which are solved.
"use strict";
(() => {
  const KEY = "imagebook-selfchecks";
  const TEXT = {
    right: say("Right."),
    wrong: say("Not yet."),
    missing: say("What you ticked is right; one more is."),
    choose: say("Choose an answer first."),
    number: say("Write a number, such as 0.25 or 1/4."),
    count: (done, all) => say("You have solved {done} of {all} self-checks. Only this browser knows.").replace("{done}", done).replace("{all}", all),
  };

  // A page from disk or a private window may refuse to remember: then nothing is remembered, and all else works.
  const read = () => {
    try {
      return new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
    } catch {
      return new Set();
    }
  };
  const write = (solved) => {
    try {
      localStorage.setItem(KEY, JSON.stringify([...solved]));
    } catch {
      // As above.
    }
  };

  /** Return the number that a reader wrote, or NaN: 0.25, 0,25, 1/4 and 25 % are the same, and so are 2,848 and 2848. */
  const numberOf = (text) => {
    if (/^\s*[+−-]?[1-9]\d{0,2}(,\d{3})+\s*$/.test(text)) text = text.replaceAll(",", "");
    const parts = /^([+-]?[\d.]+)(?:\/([\d.]+))?(%?)$/.exec(text.replace(/\s/g, "").replace(",", ".").replace("−", "-"));
    if (!parts) return NaN;
    return Number(parts[1]) / Number(parts[2] ?? 1) / (parts[3] ? 100 : 1);
  };

  /** Return {right, text, shown}: the verdict, a sentence, and the indexes of the reasons to give. */
  const judge = (form) => {
    const field = form.querySelector("[data-values]");
    if (field) {
      const value = numberOf(field.value);
      if (!Number.isFinite(value)) return { text: TEXT.number, shown: [] };
      const found = field.dataset.values.split(" ").findIndex((pair) => {
        const [wanted, tolerance] = pair.split("±").map(Number);
        return Math.abs(value - wanted) <= tolerance + 1e-9 * Math.abs(wanted);
      });
      return { right: found === 0, text: found === 0 ? TEXT.right : TEXT.wrong, shown: found < 0 ? [] : [found] };
    }
    const inputs = [...form.querySelectorAll("input")];
    const chosen = inputs.flatMap((input, index) => (input.checked ? [index] : []));
    if (!chosen.length) return { text: TEXT.choose, shown: [] };
    const isRight = (index) => "right" in inputs[index].dataset;
    const wrong = chosen.filter((index) => !isRight(index));
    if (wrong.length) return { right: false, text: TEXT.wrong, shown: wrong };
    const all = inputs.filter((input) => "right" in input.dataset).length === chosen.length;
    return { right: all, text: all ? TEXT.right : TEXT.missing, shown: all ? chosen : [] };
  };

  const mark = (form, solved) => form.closest(".ib-check").classList.toggle("ib-check-solved", solved.has(form.id));

  for (const form of document.querySelectorAll(".ib-check form")) {
    const verdict = form.querySelector(".ib-check-verdict");
    const answers = form.closest(".ib-check").querySelectorAll("[data-answer]");
    // Numbers stand with the right one first; so do their reasons.
    const reasons = [...answers].sort((a, b) => (form.querySelector("[data-values]") ? (b.dataset.answer === "right") - (a.dataset.answer === "right") : 0));
    mark(form, read());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { right, text, shown } = judge(form);
      const strong = document.createElement("strong");
      strong.textContent = text;
      const parts = shown.map((index) => reasons[index].querySelector("p").cloneNode(true));
      for (const part of parts) part.querySelector("strong")?.remove();
      verdict.replaceChildren(strong, ...parts);
      verdict.dataset.right = Boolean(right);
      if (!right) return;
      const solved = read().add(form.id);
      write(solved);
      mark(form, solved);
    });
    form.addEventListener("input", () => verdict.replaceChildren());
  }

  for (const place of document.querySelectorAll(".ib-progress")) {
    const [text, clear] = [document.createElement("p"), document.createElement("button")];
    const names = place.dataset.checks.split(" ");
    const show = () => (text.textContent = TEXT.count(names.filter((name) => read().has(name)).length, names.length));
    clear.type = "button";
    clear.textContent = say("Forget my progress");
    clear.addEventListener("click", () => (write(new Set()), show()));
    text.setAttribute("role", "status");
    place.append(text, clear);
    show();
  }
})();
