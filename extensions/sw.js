// The book without a network: all files of one version, each checked by its hash, or none. A page never gets files of
// two versions. `book` = { version, files: { name: SHA-256 } } is written ahead of this by extensions/offline.py.
"use strict";
const { scope } = registration;
const mine = `imagebook ${scope} `; // other books may live on this host
const store = mine + book.version;

// The place of a file in the store says what is in it, so that the next version can take over what stayed the same.
const key = (name) => `${address(name)}?${book.files[name]}`;
const address = (name) => scope + encodeURI(name);

/** Return the name of the file that an address asks for, null where this version has none. */
const nameOf = (asked) => {
  if (!asked.startsWith(scope)) return null;
  const name = decodeURI(asked.slice(scope.length).replace(/[?#].*$/s, ""));
  return [name, `${name}.html`, `${name}index.html`].find((file) => Object.hasOwn(book.files, file)) ?? null;
};

// A page's own memory holds scripts that say that they stay fresh, also for pages of another version: these do not.
// The copy also forgets that a host redirected it, which a browser would refuse as a page.
const unremembered = (response) =>
  new Response(response.body, {
    headers: { "Content-Type": response.headers.get("Content-Type") ?? "", "Cache-Control": "no-cache" },
  });

const keep = async (cache, name) => {
  let response = await caches.match(key(name), { ignoreVary: true });
  if (!response) {
    response = await fetch(address(name), { cache: "reload", integrity: `sha256-${book.files[name]}` });
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    response = unremembered(response);
  }
  await cache.put(key(name), response);
};

const install = async () => {
  const cache = await caches.open(store);
  const left = Object.keys(book.files).values();
  const takeTurns = async () => {
    for (const name of left) await keep(cache, name);
  };
  try {
    await Promise.all(Array.from({ length: 6 }, takeTurns));
  } catch (error) {
    await caches.delete(store); // half a book is no book; the version before stays
    throw error;
  }
};

const forgetOthers = async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith(mine) && name !== store);
  await Promise.all(names.map((name) => caches.delete(name)));
};

// A new version waits until no page of this one is left. Where the only page is just being left, it need not wait: this
// answer uses no file of either version, and the page that it asks for comes from the new one.
const AGAIN = `<!doctype html><title>One moment</title><link rel="icon" href="data:,">
<script>setTimeout(() => location.reload(), 50)</script>`;
const canChange = async (request) =>
  registration.waiting && request.destination === "document" && (await clients.matchAll()).length < 2;

const answer = async ({ request, clientId }) => {
  if (await canChange(request)) {
    registration.waiting.postMessage("change");
    return new Response(AGAIN, { headers: { "Content-Type": "text/html; charset=utf-8" } });
  }
  // A page that is not of this version, because it is newer than the list, gets nothing of this version.
  const page = request.mode === "navigate" ? "" : ((await clients.get(clientId))?.url ?? request.referrer);
  const name = page && nameOf(page) === null ? null : nameOf(request.url);
  if (name === null && nameOf(`${request.url}/`)) return Response.redirect(`${request.url}/`); // t/iou
  if (name === null) {
    const response = await fetch(request, { cache: "no-cache" });
    return response.ok && nameOf(request.url) ? unremembered(response) : response;
  }
  const kept = await (await caches.open(store)).match(key(name), { ignoreVary: true });
  return kept ?? fetch(address(name), { integrity: `sha256-${book.files[name]}` });
};

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
addEventListener("message", ({ data }) => data === "change" && skipWaiting());
addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && event.request.url.startsWith(scope)) event.respondWith(answer(event));
});
