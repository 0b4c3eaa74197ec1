// Looks in the address that was not found for the term that the reader may have meant.
"use strict";
(() => {
  const pairs = (word) => Array.from({ length: word.length - 1 }, (_, place) => word.slice(place, place + 2));
  // Twice the shared pairs of letters, as a part of all pairs: 1 for the same word.
  const likeness = (one, other) => {
    const rest = pairs(other);
    const all = Math.max(1, one.length + other.length - 2);
    const shared = pairs(one).filter((pair) => rest.includes(pair) && rest.splice(rest.indexOf(pair), 1));
    return one === other ? 1 : (2 * shared.length) / all;
  };
  const parts = decodeURI(location.pathname).toLowerCase().split("/").filter((part) => part && !/^index[.]/.test(part));
  const sought = (parts.pop() ?? "").replace(/[.]\w+$/, "").replace(/[\s_]+/g, "-");
  if (!sought || sought === "404") return;
  document.getElementById("ib-sought").value = sought.replaceAll("-", " ");
  const near = [...document.querySelectorAll(".ib-terms a")]
    .map((link) => [Math.max(...link.dataset.names.split(" ").map((name) => likeness(sought, name))), link])
    .filter(([value]) => value > 0.5)
    .sort(([one], [other]) => other - one)
    .slice(0, 3);
  if (!near.length) return;
  const links = near.flatMap(([, link], place) => [place ? ", " : "", link.cloneNode(true)]);
  document.querySelector(".ib-nearest").replaceChildren(say("Did you mean: "), ...links);
})();
