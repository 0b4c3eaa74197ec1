// What the theme's scripts leave out for readers who use keys.
"use strict";
(() => {
  // sphinx-book-theme takes the focus off a button that one clicks, for the sake of its tooltip.
  for (const button of document.querySelectorAll(".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle")) {
    button.blur = () => {};
  }
  // What is too wide can be scrolled by keys; the theme does so for code, but not for formulas, nor in what was folded.
  const parts = [...document.querySelectorAll("article :is(pre, .math)")];
  const measure = () => {
    const wide = parts.map((part) => part.scrollWidth > part.clientWidth + 1);
    for (const [index, part] of parts.entries()) {
      if (wide[index]) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(measure, 350); // after the theme's own
  };
  addEventListener("resize", () => {
    requestAnimationFrame(measure);
    later();
  });
  addEventListener("load", later);
  document.addEventListener("toggle", later, true);
})();
