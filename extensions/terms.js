// Pointing at a term, by mouse, by keys or by a first tap, shows its definition beneath the link.
"use strict";
(() => {
  const source = document.getElementById("ib-terms");
  if (!source) return;
  const terms = JSON.parse(source.textContent);
  const box = document.createElement("div");
  box.id = "ib-term";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  document.body.append(box);
  let shown = null;
  let timer = 0;

  const show = (link, { name: called, lang, definition }) => {
    clearTimeout(timer);
    if (shown === link) return;
    hide();
    const name = document.createElement("strong");
    name.lang = lang;
    name.textContent = called;
    box.replaceChildren(name, ` ${definition}`);
    box.hidden = false;
    const { left, bottom } = link.getClientRects()[0]; // a link may be broken into two lines
    const room = document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${Math.max(8, Math.min(left, room)) + scrollX}px`;
    box.style.top = `${bottom + scrollY + 4}px`;
    link.setAttribute("aria-describedby", box.id);
    shown = link;
  };
  const hide = () => {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidden = true;
  };
  // The pointer may travel from the link to the box, to read or select.
  const hideSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(hide, 250);
  };

  for (const link of document.querySelectorAll("article a[href*='#']")) {
    const term = terms[link.hash.slice(1)];
    if (!term || link.matches(".headerlink, .ib-figure a")) continue;
    let pressed = ""; // the kind of pointer, and whether the definition stood there before
    link.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(link, term));
    link.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
    link.addEventListener("pointerdown", (event) => (pressed = shown === link ? "" : event.pointerType));
    link.addEventListener("focus", () => show(link, term));
    link.addEventListener("blur", () => (box.matches(":hover") ? hideSoon() : hide())); // or it lies over what comes next
    link.addEventListener("click", (event) => {
      const isFirstTap = pressed === "touch";
      pressed = "";
      if (!isFirstTap) return;
      event.preventDefault(); // the next tap follows the link
      show(link, term);
    });
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", hideSoon);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  addEventListener("resize", hide);
  document.addEventListener("pointerdown", (event) => !event.target.closest("#ib-term, article a") && hide());
})();
