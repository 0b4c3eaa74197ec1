// The menu "Run": closes as menus do, leads to the hub that the reader has named, and says what works from disk.
"use strict";
(() => {
  const KEY = "hub";
  const stored = {
    get: () => {
      try {
        return localStorage.getItem(KEY);
      } catch {
        return null; // a browser that keeps nothing
      }
    },
    set: (hub) => {
      try {
        if (hub) localStorage.setItem(KEY, hub);
        else localStorage.removeItem(KEY);
      } catch {}
    },
  };
  // The chapter comes by the page's address, which anybody may have written: nothing else is taken from there.
  const chapter = (search) => /[?&]chapter=((?:\w\w\/)?chapters\/\w+\.ipynb)$/.exec(search)?.[1] ?? "chapters";
  const link = (hub, query, search) => `${hub}/hub/user-redirect/git-pull?${query}${chapter(search)}`;

  const menu = document.querySelector(".ib-run");
  if (menu) {
    const close = (event) => {
      if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
        if (event.type === "keydown" && menu.contains(document.activeElement)) menu.firstElementChild.focus();
        menu.open = false;
      }
    };
    addEventListener("pointerdown", close);
    addEventListener("focusin", close);
    menu.addEventListener("keydown", close);
    const hub = menu.querySelector("[data-place=hub]");
    if (hub && stored.get()) hub.href = link(stored.get(), menu.dataset.query, new URL(hub.href).search);
    // A page from disk may not start Python: the published book can.
    const lite = menu.querySelector("[data-place=lite]");
    if (lite && location.protocol === "file:") {
      if (menu.dataset.home) lite.href = menu.dataset.home + lite.getAttribute("href").replace(/^(\.\.\/)+/, "");
      else lite.parentElement.remove();
    }
  }

  const form = document.querySelector(".ib-hub");
  if (!form) return;
  const [field, open, forget] = form.querySelectorAll("input, button");
  const status = form.querySelector("[role=status]");
  const show = () => {
    field.value = stored.get() ?? "";
    forget.hidden = !stored.get();
  };
  show();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // From …/hub/spawn or …/user/ada/lab to the hub itself.
    const hub = field.value.trim().replace(/\/(hub|user)\/.*$|\/+$/, "");
    stored.set(hub);
    show();
    location.assign(link(hub, form.dataset.query, location.search));
  });
  forget.addEventListener("click", () => {
    stored.set(null);
    show();
    field.focus();
    status.textContent = say("Forgotten.");
  });
})();
