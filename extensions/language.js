// The way to the other edition leads to the section that is being read.
"use strict";
for (const link of document.querySelectorAll(".ib-language")) {
  const aim = () => {
    // The last section that has begun above the upper third of the window; its parts come behind it.
    const begun = [...document.querySelectorAll("article section[id]")].filter((part) => part.getBoundingClientRect().top < innerHeight / 3);
    const isAtTop = scrollY < innerHeight / 3;
    const aimed = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.getBoundingClientRect().top;
    const isThere = aimed > -innerHeight / 3 && aimed < innerHeight; // what the address names is still in sight
    link.hash = isThere ? location.hash : isAtTop ? "" : (begun.at(-1)?.id ?? "");
  };
  // Just before it is followed: by a press, by a key, or in another tab.
  for (const event of ["pointerdown", "focus", "click"]) link.addEventListener(event, aim);
}
