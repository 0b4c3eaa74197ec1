// The button that keeps the book on this device: only a reader who asks for it pays for its megabytes.
"use strict";
(async () => {
  const box = document.querySelector(".ib-offline");
  const workers = navigator.serviceWorker;
  if (!box || !workers || !/^https?:$/.test(location.protocol)) return; // from disk the book is offline already
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  // Here and not in the page: from disk a browser may not read it, and complains.
  const manifest = document.createElement("link");
  manifest.rel = "manifest";
  manifest.href = new URL("manifest.webmanifest", root).href;
  document.head.append(manifest);

  const [save, remove] = box.querySelectorAll("button");
  const status = box.querySelector("[role=status]");
  const show = (registration, text) => {
    save.hidden = Boolean(registration?.active);
    remove.hidden = !save.hidden;
    save.disabled = Boolean(registration?.installing);
    status.textContent = text;
  };
  const SAVED = say("Saved on this device: you can read on without a network.");
  const NEWER = say("A newer version is saved, too. You will see it when you have closed the book's other tabs.");
  const own = async () => {
    const registration = await workers.getRegistration(root);
    return registration?.scope === root.href ? registration : undefined;
  };
  const follow = (registration) => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "activated") show(registration, SAVED);
      if (worker.state === "installed" && registration.active) show(registration, NEWER);
      if (worker.state === "redundant" && !registration.active) {
        show(null, say("That did not work: a file did not arrive, or there is no room for it. Please try again."));
      }
    });
  };

  save.addEventListener("click", async () => {
    show({ installing: true }, say("Saving. You may read on meanwhile."));
    try {
      follow(await workers.register(new URL("sw.js", root), { scope: root.href }));
    } catch {
      show(null, say("That did not work: this browser or its settings do not allow it."));
    }
  });
  remove.addEventListener("click", async () => {
    await (await own())?.unregister();
    const names = (await caches.keys()).filter((name) => name.startsWith(`imagebook ${root.href} `));
    await Promise.all(names.map((name) => caches.delete(name)));
    show(null, say("Removed from this device."));
  });

  const registration = await own();
  show(registration, registration?.waiting ? NEWER : registration?.active ? SAVED : "");
  if (registration) {
    follow(registration);
    registration.addEventListener("updatefound", () => follow(registration));
  }
  box.hidden = false;
})();
