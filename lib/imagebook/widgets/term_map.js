// A map of the book's terms: what to know before each, and in which order to read it.

import { button } from "./kit/controls.js";
import { element, freshId, svg } from "./kit/dom.js";
import { say } from "./kit/text.js";

const NARROW = 560; // pixels: below it the drawing for phones is shown

/** Return a term and all that it needs, each after what it needs itself. `needs`: {slug: [slug, …]}. */
export function learningPath(needs, slug) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    for (const other of needs[name]) visit(other);
    found.add(name);
  };
  visit(slug);
  return [...found];
}

/** Return the address of a term's section; `home` is the way from the page to the book's root, such as "../". */
export function address(home, letter, slug) {
  return `${home}${home && !home.endsWith("/") ? "/" : ""}chapters/${letter.toLowerCase()}.html#${slug}`;
}

/** Return a path, as SVG writes it, through points: from under the first box to above the last, upright beside those it passes. */
export function curve([[x, y], ...rest], half) {
  let d = `M${x} ${y + half}`;
  for (const [nextX, nextY] of rest) {
    const middle = (y + nextY) / 2;
    d += `C${x} ${middle} ${nextX} ${middle} ${nextX} ${nextY - half}V${nextY + half}`;
    [x, y] = [nextX, nextY];
  }
  return d.replace(/V[^V]*$/, "");
}

/** Return the slugs of the terms in whose English or Korean name a text occurs. */
export function matching(terms, text) {
  const wanted = text.trim().toLowerCase();
  return Object.keys(terms).filter((slug) => `${slug} ${terms[slug].english} ${terms[slug].label} ${terms[slug].korean}`.toLowerCase().includes(wanted));
}

export const figure = {
  render(context, body) {
    const { terms, wide, narrow } = context.get("_graph");
    const needs = Object.fromEntries(Object.entries(terms).map(([slug, term]) => [slug, Object.keys(term.needs)]));
    // Pages of the book say where its root is; in a notebook there is no book to link to.
    const home = context.model.home ?? document.documentElement.dataset.content_root;
    const linked = new Set(home === undefined ? [] : context.get("_linked"));
    const place = (slug) => (linked.has(slug) ? address(home, terms[slug].letter, slug) : null);
    const select = (slug) => context.set({ selected: slug });

    let pointed = null; // what the pointer or the focus is on; not state, it passes
    const nodes = {};
    for (const [slug, term] of Object.entries(terms)) nodes[slug] = node(slug, term);
    const lines = svg("g", { class: "term_map-lines", "aria-hidden": "true" });
    const picture = svg("svg", { class: "term_map-picture", role: "group", "aria-label": say("Map of the terms") }, lines);

    function node(slug, term) {
      const before = learningPath(needs, slug).length - 1;
      const { name } = term;
      const face = svg("rect", { rx: 6 });
      const badge = svg("g", { class: "term_map-badge" }, svg("circle", { r: 9 }), svg("text", { y: 3.5 }));
      const text = svg("text", {}, ...term.lines.map((line, index) => svg("tspan", { x: 0, y: 4 + 13 * (index - (term.lines.length - 1) / 2), text: line })));
      const label = before ? say("{name}, {before} to read before it", { name, before }) : say("{name}, nothing to read before it", { name });
      const point = () => ((pointed = slug), draw());
      const leave = () => ((pointed = null), draw());
      const press = (event) => {
        const isOpening = linked.has(slug) && (slug === context.get("selected") || event.ctrlKey || event.metaKey || event.shiftKey);
        if (isOpening) return;
        event.preventDefault();
        select(slug);
      };
      const keys = (event) => (event.key === "Enter" || event.key === " ") && press(event);
      const events = { click: press, pointerenter: (event) => event.pointerType === "mouse" && point(), pointerleave: leave, focus: point, blur: leave };
      const group = linked.has(slug)
        ? svg("a", { href: place(slug), "data-slug": slug, "aria-label": label, on: events }, face, text, badge)
        : svg("g", { tabindex: 0, role: "button", "data-slug": slug, "aria-label": label, on: { ...events, keydown: keys } }, face, text, badge);
      return { group, face, badge };
    }

    let plan = null;
    const arrange = () => {
      const next = body.clientWidth && body.clientWidth < NARROW ? narrow : wide;
      if (next === plan) return;
      plan = next;
      const [width, height] = plan.box;
      picture.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
      picture.style.maxWidth = `${plan.width * 1.1}px`;
      picture.style.minWidth = `${narrow.width * 0.9}px`;
      for (const [slug, { group, face, badge }] of Object.entries(nodes)) {
        group.setAttribute("transform", `translate(${plan.at[slug].join(" ")})`);
        for (const [key, value] of Object.entries({ x: -width / 2, y: -height / 2, width, height })) face.setAttribute(key, value);
        badge.setAttribute("transform", `translate(${-width / 2 + 3} ${-height / 2 + 5})`);
      }
      // Tab goes through the rows as they are seen.
      const seen = Object.keys(nodes).sort((a, b) => plan.at[a][1] - plan.at[b][1] || plan.at[a][0] - plan.at[b][0]);
      picture.append(...seen.map((slug) => nodes[slug].group));
      lines.replaceChildren(...plan.lines.map(([, , points]) => svg("path", { d: curve(points, height / 2) })));
      draw();
    };

    const draw = () => {
      const selected = context.get("selected");
      const target = pointed ?? selected;
      const path = learningPath(needs, target);
      const found = matching(terms, field.value);
      for (const [slug, { group, badge }] of Object.entries(nodes)) {
        const number = path.indexOf(slug) + 1;
        const also = terms[target].see_also.includes(slug) && !number;
        const parts = [number && "term_map-lit", slug === target && "term_map-target", also && "term_map-also", !found.includes(slug) && "term_map-dim"];
        group.setAttribute("class", ["term_map-node", ...parts].filter(Boolean).join(" "));
        badge.lastChild.textContent = number || "";
        if (slug === selected) group.setAttribute("aria-current", "true");
        else group.removeAttribute("aria-current");
      }
      for (const [index, [, slug]] of plan.lines.entries()) lines.children[index].setAttribute("class", path.includes(slug) ? "term_map-lit" : "");
    };

    const nameOf = (slug) => {
      const href = place(slug);
      return href ? element("a", { href, text: terms[slug].name }) : element("button", { type: "button", class: "term_map-name", text: terms[slug].name, on: { click: () => select(slug) } });
    };
    const whole = (slug, mark) => element("span", { class: "term_map-whole" }, nameOf(slug), mark); // no line begins with the mark
    const heading = element("p", { class: "term_map-heading", role: "status" });
    const steps = element("ol", { class: "term_map-steps" });
    const open = element("p", { class: "term_map-see term_map-open" });
    const also = element("p", { class: "term_map-see" });
    const describe = () => {
      const slug = context.get("selected");
      const { name, other, other_language: language, see_also: others, needs: reasons } = terms[slug];
      const path = learningPath(needs, slug).slice(0, -1);
      const text = path.length ? say("Before {name}, read {count}:", { name, count: path.length }) : say("{name} can be read at once.", { name });
      heading.replaceChildren(text, " ", element("span", { lang: language, text: other === name ? "" : other }));
      steps.replaceChildren(...path.map((other) => element("li", {}, ...(reasons[other] ? [whole(other, ":"), ` ${reasons[other]}`] : [nameOf(other)]))));
      const here = place(slug);
      open.replaceChildren(...(here ? [element("a", { href: here, text: say("Read the section on {name}", { name }) })] : []));
      also.replaceChildren(say("See also: "), ...others.flatMap((other, index) => (index < others.length - 1 ? [whole(other, ","), " "] : [nameOf(other)])));
    };

    const id = freshId();
    const count = element("output", { for: id });
    const search = () => {
      const found = matching(terms, field.value);
      count.textContent = field.value.trim() ? say("{count} of {total}", { count: found.length, total: Object.keys(terms).length }) : "";
      draw();
    };
    const choose = () => {
      const [first] = matching(terms, field.value);
      if (first && field.value.trim()) select(first);
    };
    const field = element("input", { id, type: "text", class: "term_map-field", autocomplete: "off", on: { input: search, keydown: (event) => event.key === "Enter" && choose() } });
    body.append(
      element("div", { class: "ib-control" }, element("label", { for: id, text: say("Find a term") }), field, button(say("Select"), choose), count),
      element("div", { class: "ib-scroll", tabindex: 0, role: "group", "aria-label": say("Map of the terms, scrollable") }, picture),
      element("p", { class: "ib-caption", text: say("A line leads from a term down to one that builds on it. Numbers: the order to read. Dashed: see also.") }),
      element("div", {}, heading, steps, open, also),
    );
    arrange();
    const observer = new ResizeObserver(arrange);
    observer.observe(body);
    context.clean(() => observer.disconnect());
    context.watch(["selected"], () => (draw(), describe()));
  },
};
