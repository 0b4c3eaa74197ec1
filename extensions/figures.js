// The host: brings the figures of a page alive when they come near the window. No kernel, no network beyond this site.
"use strict";
globalThis.imagebook = (() => {
  /* registry */
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const assets = {};

  // Scripts, not modules or fetch: a page that is opened from disk may load those.
  const loading = {};
  const load = (name) =>
    (loading[name] ??= new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = `${folder}${name}.js`;
      script.onload = done;
      script.onerror = () => fail(new Error(`${name}.js is missing`));
      document.head.append(script);
    }));

  // Not in the page's head: a page is read before its figures are played with.
  let sheet = null;
  const style = () =>
    (sheet ??= new Promise((done, fail) => {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.href = `${folder}figures.css`;
      link.onload = done;
      link.onerror = () => fail(new Error("figures.css is missing"));
      document.head.append(link);
    }));

  /** A widget's state, with the methods of the model that Jupyter would give. */
  class Model {
    constructor(state) {
      this.state = state;
      this.listeners = new Map();
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
      this.state[name] = value;
      for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
    }
    save_changes() {}
    on(event, listener) {
      if (!this.listeners.has(event)) this.listeners.set(event, new Set());
      this.listeners.get(event).add(listener);
    }
    off(event, listener) {
      this.listeners.get(event)?.delete(listener);
    }
  }

  /** Return what the page's address says: which figure, and its state, which nobody has checked yet. */
  const linked = () => {
    const query = new URLSearchParams(location.search);
    const text = query.get("state") ?? "";
    let state = null;
    try {
      if (text.length <= 20000) state = JSON.parse(text);
    } catch {
      // The figure says that the link cannot be read.
    }
    return { figure: query.get("figure"), state };
  };

  const assetsOf = (slot) => models[slot.dataset.model].get("_asset_names");
  const fetchAll = (slot) =>
    Promise.all([style(), ...[...slot.dataset.scripts.split(" "), ...assetsOf(slot).map((name) => `assets/${name}`)].map(load)]);

  const start = async (slot) => {
    const first = slot.querySelector(".ib-first");
    const { figure, model: id } = slot.dataset;
    try {
      await fetchAll(slot);
      const model = models[id];
      const names = assetsOf(slot);
      const { fromBase64 } = use("kit/state");
      model.set("_assets", Object.fromEntries(names.map((name) => [name, fromBase64(assets[name])])));
      model.home = new URL("../../", folder).href;
      model.address = (state) => {
        const query = new URLSearchParams({ figure: slot.id, state: JSON.stringify(state) });
        return `${location.href.replace(/[?#].*$/, "")}?${query}#${slot.id}`;
      };
      const link = linked();
      model.given = link.figure === slot.id ? link.state : undefined;
      const el = document.createElement("div");
      slot.append(el);
      await use("kit/figure").present(use(figure).figure)({ model, el });
      first.hidden = true;
      slot.dataset.alive = "true";
    } catch (error) {
      const note = document.createElement("p");
      note.textContent = `${say("This figure could not start. Its first state is shown above.")} (${error.message})`;
      first.append(note);
      console.error(error);
    }
  };

  const states = JSON.parse(document.getElementById("ib-states").textContent);
  const models = Object.fromEntries(Object.entries(states).map(([id, state]) => [id, new Model(state)]));
  const waiting = new Set();
  const distance = (slot) => Math.abs(slot.getBoundingClientRect().top);
  const nearest = () => [...waiting].reduce((best, slot) => (distance(slot) < distance(best) ? slot : best));
  let isStarting = false;
  // One after another, the nearest first: what the reader sees does not wait for what comes below.
  const startAll = async () => {
    if (isStarting) return;
    isStarting = true;
    while (waiting.size) {
      const slot = nearest();
      waiting.delete(slot);
      await start(slot);
      await new Promise((done) => setTimeout(done)); // the page may answer the reader in between
    }
    isStarting = false;
  };
  const known = new Set();
  const awake = (entries, observer) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting || known.has(target)) continue; // one target may come twice in a list
      known.add(target);
      observer.unobserve(target);
      waiting.add(target);
      fetchAll(target).catch(() => {}); // that it is missing is said where it starts
    }
    startAll();
  };
  const observe = (ahead) => {
    const observer = new IntersectionObserver(awake, { rootMargin: `${ahead} 0px` });
    for (const slot of document.querySelectorAll(".ib-slot")) if (!known.has(slot)) observer.observe(slot);
    return observer;
  };
  // At first only what is in sight: a phone has enough to do with the page. Whoever begins to read finds the figures
  // started two screens ahead.
  const first = observe("0%");
  const reading = new AbortController();
  for (const sign of ["scroll", "pointerdown", "keydown"]) {
    const begin = () => {
      reading.abort();
      first.disconnect();
      observe("200%");
    };
    addEventListener(sign, begin, { signal: reading.signal, passive: true });
  }
  return { define, use, assets, models, messages: {} };
})();
