// Finds sections, loaded with MiniSearch and the documents when somebody searches. It returns what search.js shows.
"use strict";
(() => {
  const WORDS = /* words */ {};
  const STOP = new Set(WORDS.stop.split(" "));
  const ASKING = new Set([...STOP, ...WORDS.asking.split(" ")]);
  const PARTICLES = WORDS.particles.split(" ").sort((a, b) => b.length - a.length);
  const KOREAN = /^[\uac00-\ud7a3]/;

  // What a word in a field is worth. A term's own names come first, whatever a text says about them.
  const BOOST = { names: 12, also: 8, title: 5, part: 2, text: 1 };
  // What is tried, one after the other, until something is found: as it is written; with small mistakes; with more of
  // them and with Korean endings that are no particles; any of the words instead of all.
  const STAGES = [
    { fuzzy: 0, cut: false, combineWith: "AND" },
    { fuzzy: 0.2, cut: false, combineWith: "AND" },
    { fuzzy: 0.34, cut: true, combineWith: "AND" },
    { fuzzy: 0.2, cut: true, combineWith: "OR" },
  ];

  /** Return small letters without accents, and Korean syllables in one piece each. */
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").normalize("NFC").toLowerCase();

  /** Return an English word without a simple plural. */
  const singular = (word) => {
    if (word.length < 4) return word;
    return word.replace(/ies$/, "y").replace(/(ss|x|z|ch|sh)es$/, "$1").replace(/([^siu])s$/, "$1");
  };

  // A word with its hyphens; Korean words that only spaces part are one, for compounds are written both ways.
  const WORD = /[\p{L}\p{N}\p{M}]+(?:(?:[-_\u2010-\u2013]|(?<=[가-힣]) (?=[가-힣]))[\p{L}\p{N}\p{M}]+)*/gu;
  const RUN = /[\u1100-\u11ff가-힣]+|[^-_ \u2010-\u2013\u1100-\u11ff가-힣]+/gu;

  /** Return the runs of one script in a word, with their places: `CNN을` has two, `fine-tuning` too. */
  const runsOf = (word) =>
    Array.from(word.matchAll(RUN), ({ 0: run, index }) => ({ text: fold(run), start: index, end: index + run.length }));

  const pairsOf = (run) => Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2));

  /** Return what the index holds of a word, with places: English parts and the whole, Korean words and pairs of syllables. */
  const partsOf = (word) => {
    const runs = runsOf(word);
    const parts = [];
    for (const { text, start, end } of runs) {
      if (!KOREAN.test(text)) {
        if (!STOP.has(text)) parts.push({ term: singular(text), start, end });
        continue;
      }
      if (text.length !== 2) parts.push({ term: text, start, end });
      if (end - start === text.length) {
        pairsOf(text).forEach((term, i) => parts.push({ term, start: start + i, end: start + i + 2 }));
      }
    }
    runs.slice(1).forEach(({ text, start }, i) => {
      if (word[start - 1] === " ") parts.push({ term: runs[i].text.at(-1) + text[0], start: start - 2, end: start + 1 });
    });
    if (runs.length > 1 && !word.includes(" ")) {
      const term = singular(runs.map((run) => run.text).join(""));
      parts.push({ term, start: 0, end: word.length });
    }
    return parts;
  };

  // A book has few words, and each of them often.
  const known = new Map();
  const partsOfKnown = (word) => {
    let parts = known.get(word);
    if (!parts) known.set(word, (parts = partsOf(word)));
    return parts;
  };

  const termsOf = (text) => {
    const terms = [];
    for (const word of text.match(WORD) ?? []) {
      const parts = partsOfKnown(word);
      for (let i = 0; i < parts.length; i++) terms.push(parts[i].term);
    }
    return terms;
  };

  /** Return the places in a text of words that are looked for, in order. */
  const placesOf = (text, found) =>
    Array.from(text.matchAll(WORD), ({ 0: word, index }) =>
      partsOfKnown(word)
        .filter(({ term }) => found.has(term))
        .map(({ term, start, end }) => ({ term, start: index + start, end: index + end })),
    )
      .flat()
      .sort((a, b) => a.start - b.start);

  /** Return a name as it is compared: one word, whatever its spaces, hyphens, capitals and plural. */
  const squash = (text) => (text.match(WORD) ?? []).flatMap((word) => runsOf(word).map((run) => singular(run.text))).join("");

  const { pages, rows } = imagebookSearch.documents;
  const documents = rows.map(([page, anchor, title, part, text, names = [], also = []], id) => {
    const [address, pageTitle] = pages[page];
    return { id, address: anchor ? `${address}#${anchor}` : address, pageTitle, title, part: [part, pageTitle], text, names, also };
  });
  const index = new MiniSearch({
    fields: Object.keys(BOOST),
    tokenize: termsOf,
    processTerm: (term) => term,
    extractField: (document, field) => (field === "id" ? document.id : [document[field]].flat().join(" / ")),
    searchOptions: { tokenize: (term) => [term], boost: BOOST },
  });
  // In portions: a slow machine goes on answering meanwhile.
  const ready = index.addAllAsync(documents, { chunkSize: 50 });

  // Whoever writes a whole name means it: {squashed name: Map(document → [2 for a name, 1 for a synonym, the name])}.
  const named = new Map();
  for (const document of documents) {
    for (const [weight, list] of [[1, document.also], [2, document.names]]) {
      for (const name of list) {
        const key = squash(name);
        if (!named.has(key)) named.set(key, new Map());
        named.get(key).set(document.id, [weight, name]);
      }
    }
  }

  /** Return a Korean word as it may stand in the index: as it is, and without its particle. */
  const basesOf = (word, cut) => {
    const bases = [word];
    const particle = PARTICLES.find((ending) => word.endsWith(ending) && word.length - ending.length > 1);
    if (particle) bases.push(word.slice(0, -particle.length));
    for (let end = word.length - 1; cut && end > 1; end--) bases.push(word.slice(0, end));
    return bases;
  };

  /** Return the words of a query that say something, each as its runs; if none does, all of them. */
  const asked = (query) => {
    const syllables = query.replace(/[\u3131-\u318e]/g, " "); // the rest is on its way: somebody is typing
    const words = syllables.split(/\s/).flatMap((word) => word.match(WORD) ?? []).map(runsOf);
    const bare = words.map((runs) =>
      runs.filter(({ text }, i) => !i || KOREAN.test(runs[i - 1].text) || !PARTICLES.includes(text)),
    );
    const saysNothing = ({ text }) => ASKING.has(text) || /^[a-z]$/.test(text);
    const telling = bare.filter((runs) => !runs.every(saysNothing));
    return telling.length ? telling : bare;
  };

  /** Return an English word with two neighbouring letters exchanged, in each way: the commonest slip of all. */
  const swaps = (word) =>
    Array.from({ length: word.length - 1 }, (_, i) => word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2));

  /** Return the question to MiniSearch for a word: each of its forms will do. */
  const formsOf = (runs, { fuzzy, cut }) => {
    const parts = runs.map(({ text }) => {
      if (!KOREAN.test(text)) {
        const word = singular(text);
        return fuzzy && word.length > 3 ? { combineWith: "OR", queries: [word, ...swaps(word)] } : word;
      }
      const forms = basesOf(text, cut).flatMap((base) =>
        base.length < 3 ? [base] : [base, { combineWith: "AND", queries: pairsOf(base) }],
      );
      return { combineWith: "OR", queries: forms };
    });
    if (parts.length === 1) return parts[0];
    const whole = singular(runs.map((run) => run.text).join(""));
    return { combineWith: "OR", queries: [whole, { combineWith: "AND", queries: parts }] };
  };

  const search = (words, stage, fields) => {
    const written = (runs) => [...runs, { text: runs.map((run) => run.text).join("") }].map((run) => singular(run.text));
    const all = new Set(words.flatMap(written));
    const last = new Set([...written(words.at(-1)), words.at(-1).at(-1).text]);
    return index.search(
      { combineWith: stage.combineWith, queries: words.map((runs) => formsOf(runs, stage)) },
      {
        ...(fields && { fields }),
        // The last word may be on its way; a longer one may stand for what is derived from it.
        prefix: (term) => KOREAN.test(term) || last.has(term) || (all.has(term) && term.length > 3),
        fuzzy: (term) => (!KOREAN.test(term) && all.has(term) && term.length > 3 ? stage.fuzzy : false),
      },
    );
  };

  /**
   * Return what a query finds: `terms`, whose names it has, and `sections`, whose text it has; the best first. `isNear` says
   * that nothing has all of it as it is written. Each result is a document with `found`, the words to mark.
   */
  const find = (query) => {
    const words = asked(query);
    if (!words.length) return { terms: [], sections: [], isNear: false };
    const keys = [squash(query), words.map((runs) => runs.map((run) => singular(basesOf(run.text).at(-1))).join("")).join("")];
    const exact = new Map(keys.flatMap((key) => [...(named.get(key) ?? [])]));
    // A name among other words is meant, too: its section comes before those that only have the words.
    const wholes = (runs) => basesOf(runs.at(-1).text).map((base) => [...runs.slice(0, -1).map((run) => run.text), base].map(singular).join(""));
    const among = new Set(words.flatMap(wholes).flatMap((name) => [...(named.get(name)?.keys() ?? [])]));
    const weight = (id) => exact.get(id)?.[0] ?? (among.has(id) ? 0.5 : 0);
    let stage = 0;
    let hits = search(words, STAGES[0]);
    // A name in one word that is written in two, or the other way round.
    const [meant] = [...exact.values()].map(([, name]) => name);
    if (!hits.length && meant && meant !== query) return find(meant);
    while (!hits.length && stage < STAGES.length - 1) hits = search(words, STAGES[++stage]);
    const byName = new Set(search(words, STAGES[stage], ["names", "also"]).map((hit) => hit.id));
    const found = new Map(hits.map((hit) => [hit.id, hit]));
    const order = [...new Set([...exact.keys(), ...(hits.length && !stage ? among : []), ...found.keys()])];
    const score = (id) => found.get(id)?.score ?? 0;
    order.sort((a, b) => weight(b) - weight(a) || score(b) - score(a));
    const results = order.map((id) => ({ ...documents[id], found: new Set(found.get(id)?.terms ?? []) }));
    const isTerm = (result) => result.names.length > 0 && (exact.has(result.id) || among.has(result.id) || byName.has(result.id));
    return { terms: results.filter(isTerm), sections: results.filter((result) => !isTerm(result)), isNear: stage > 0 };
  };

  /** Return a text in pieces, [piece, whether it was looked for]. */
  const mark = (text, found) => {
    const pieces = [];
    const places = placesOf(text, found);
    let end = 0;
    for (let i = 0; i < places.length; ) {
      const { start } = places[i];
      let stop = start;
      for (; i < places.length && places[i].start <= stop; i++) stop = Math.max(stop, places[i].end);
      pieces.push([text.slice(end, start), false], [text.slice(start, stop), true]);
      end = stop;
    }
    return [...pieces, [text.slice(end), false]].filter(([piece]) => piece);
  };

  /** Return the stretch of a text that has most of what is looked for; `isStart` asks for its beginning. */
  const excerpt = (text, found, { length = 180, isStart = false } = {}) => {
    const places = isStart ? [] : placesOf(text, found);
    const richness = ({ start }) => {
      const near = places.filter((place) => place.start >= start && place.end <= start + length - 40);
      return new Set(near.map(({ term }) => term)).size;
    };
    const best = places.reduce((best, place) => (richness(place) > richness(best) ? place : best), places[0]);
    let start = Math.max(0, (best?.start ?? 0) - 40);
    if (start) start = text.indexOf(" ", start) + 1;
    let end = Math.min(text.length, start + length);
    if (end < text.length) end = text.lastIndexOf(" ", end);
    return `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
  };

  Object.assign(imagebookSearch, { ready, find, mark, excerpt });
})();
