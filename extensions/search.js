// The search: results as one types, in the theme's dialog and on the page search.html. What finds them is loaded at first use.
"use strict";
globalThis.imagebookSearch = {};
(() => {
  const TEXT = /* words */ {};
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const addressOf = (path) => new URL(`../${path}`, folder).href;

  // Scripts, not modules or fetch: a page that is opened from disk may load those.
  const script = (name) =>
    new Promise((done, fail) => {
      const element = document.createElement("script");
      element.src = `${folder}search/${name}.js`;
      element.async = false; // the engine stands on the other two
      element.onload = done;
      element.onerror = () => fail(new Error(`${name}.js is missing`));
      document.head.append(element);
    });
  let loading = null;
  const load = () =>
    (loading ??= Promise.all(["minisearch", "documents", "engine"].map(script)).then(() => imagebookSearch.ready));

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children);
    return element;
  };
  const link = (path, ...children) => Object.assign(make("a", "", ...children), { href: addressOf(path) });

  /** Return a text of TEXT as nodes, with values for its {names}. */
  const fill = (text, values) => text.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part));
  const glossary = () => link("pages/glossary.html", TEXT.glossary);

  /** Return a text as nodes, the words that are looked for in <mark>; a text is never read as HTML. */
  const marked = (text, found) =>
    imagebookSearch.mark(text, found).map(([piece, isFound]) => (isFound ? make("mark", "", piece) : piece));
  const hasFound = (text, found) => imagebookSearch.mark(text, found).some(([, isFound]) => isFound);

  const isKorean = (text) => /[가-힣]/.test(text);
  /** Return a name, marked, that says its language to fonts and screen readers. */
  const name = (text, found) =>
    Object.assign(make("span", "", ...marked(text, found)), { lang: isKorean(text) ? "ko" : "en" });

  const item = (result, isTerm) => {
    const { title, part, text, names, also, found, address } = result;
    const anchor = link(address, ...marked(title, found));
    if (part[0]) anchor.prepend(`${part[0]} › `);
    const entry = make("li", "ib-search-result", anchor);
    const other = isTerm && names.find((other) => isKorean(other) !== isKorean(title));
    if (other) entry.append(" ", name(other, found));
    // Where no name in sight has the word, another one led here.
    const led = also.filter((other) => hasFound(other, found));
    if (led.length && !entry.querySelector("mark")) {
      entry.append(make("p", "", TEXT.here, ...led.flatMap((other, i) => [i ? ", " : "", name(other, found)])));
    }
    if (text) entry.append(make("p", "", ...marked(imagebookSearch.excerpt(text, found, { isStart: isTerm }), found)));
    if (part[1] !== title) entry.append(make("p", "ib-search-page", part[1]));
    return entry;
  };

  const group = (label, results, isTerm) => {
    const list = make("ul", "", ...results.map((result) => item(result, isTerm)));
    list.setAttribute("aria-label", label);
    return results.length ? [make("p", "ib-search-group", label), list] : [];
  };

  /** Let a form show results beneath itself: `most` terms and sections at once. */
  const attach = (form, { most, isPage }) => {
    const input = form.querySelector("input");
    const status = make("p", "ib-search-status");
    status.setAttribute("role", "status");
    const lists = make("div");
    const place = make("section", "ib-search", status, lists);
    place.setAttribute("aria-label", TEXT.results);
    form.after(place);

    const say = (...nodes) => status.replaceChildren(...nodes);
    const show = (query, { terms, sections, isNear }) => {
      const count = terms.length + sections.length;
      const shown = [terms.slice(0, most[0]), sections.slice(0, most[1])];
      const rest = count - shown[0].length - shown[1].length;
      lists.replaceChildren(...group(TEXT.terms, shown[0], true), ...group(TEXT.sections, shown[1], false));
      if (!count) return say(...fill(TEXT.nothing, { query, glossary: glossary() }));
      const number = count === 1 ? TEXT.one : rest && isPage ? TEXT.first : TEXT.many;
      say(...(isNear ? [TEXT.near, " "] : []), ...fill(number, { count, shown: count - rest }));
      if (rest && !isPage) {
        const all = fill(TEXT.all, { count }).join("");
        lists.append(make("p", "ib-search-all", link(`search.html?q=${encodeURIComponent(query)}`, all)));
      }
    };
    const update = async () => {
      const query = input.value.trim();
      if (!query) {
        lists.replaceChildren();
        return say(...TEXT.hint.split(/([가-힣]+)/).map((piece) => (isKorean(piece) ? Object.assign(make("span", "", piece), { lang: "ko" }) : piece)));
      }
      try {
        await load();
      } catch {
        return say(...fill(TEXT.failed, { glossary: glossary() }));
      }
      if (input.value.trim() === query) show(query, imagebookSearch.find(query)); // or somebody has typed on
    };
    const remember = () => {
      const query = input.value.trim();
      try {
        history.replaceState(null, "", query ? `?q=${encodeURIComponent(query)}` : location.pathname);
      } catch {
        // Some browsers refuse it to a page from disk; then only the address stays behind.
      }
    };

    input.addEventListener("input", update);
    const dialog = form.closest("dialog");
    // Arrows go through the results, and back up to the field. The theme's Escape knows of the field only.
    const walk = (event) => {
      if (event.key === "Escape" && event.target !== input) dialog?.close();
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || event.isComposing) return;
      const stops = [input, ...lists.querySelectorAll("a")];
      const next = stops[stops.indexOf(document.activeElement) + step];
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
    input.addEventListener("keydown", walk);
    lists.addEventListener("keydown", walk);
    lists.addEventListener("click", (event) => event.target.closest("a") && dialog?.close());
    if (isPage) {
      input.addEventListener("change", remember);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        remember();
        lists.querySelector("a")?.focus();
      });
      input.value = new URLSearchParams(location.search).get("q") ?? "";
      if (!input.value) input.focus();
    }
    // A reader who comes to the field means to search; the page itself, just above, only spares the way there. What is
    // missing is said when somebody types.
    input.addEventListener("focus", () => load().catch(() => {}));
    update();
  };

  for (const form of document.querySelectorAll("form.bd-search")) {
    const isPage = !form.closest("dialog");
    attach(form, { isPage, most: isPage ? [20, 50] : [5, 10] });
  }
})();
