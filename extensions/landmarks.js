// What the theme's scripts leave out for readers who use keys.
"use strict";
(() => {
  // sphinx-book-theme takes the focus off a button that one clicks, for the sake of its tooltip.
  for (const button of document.querySelectorAll(".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle")) {
    button.blur = () => {};
  }
  // What is too wide can be scrolled by keys; the theme does so for code, but not for formulas, nor in what was folded.
  // It also asks and tells one part after the other, so that the browser goes over the whole page for each: a tenth
  // of a second on a phone. Here all are asked first; what the theme tells a part goes into a property of ours.
  const parts = [...document.querySelectorAll("article :is(pre, .math, .cell_output > .output)")];
  for (const part of parts) Object.defineProperty(part, "tabIndex", { value: -1, writable: true });
  const measure = () => {
    const wide = parts.map((part) => part.scrollWidth > part.clientWidth + 1);
    for (const [index, part] of parts.entries()) {
      if (wide[index]) part.setAttribute("tabindex", "0");
      else part.removeAttribute("tabindex");
    }
  };
  // Every change of a part's own size counts: a window's, that of a sidebar on its way, what was folded. Not while the
  // page loads: nobody's keys are there yet, and its fonts are not.
  const observer = new ResizeObserver(measure);
  addEventListener("load", () => setTimeout(() => parts.forEach((part) => observer.observe(part)), 350));
})();
