// What test_accessibility.py asks a page. Each function returns a list of faults.
/* exported structure, targets, focus, reflow, spaced */
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const isVisible = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && one.getClientRects().length > 0;
const words = (one) => `${one.outerHTML.replace(/\s+/g, " ").slice(0, 140)}`;
const HIDDEN = ".ib-hidden, .ib-name, .sr-only, .visually-hidden, .skip-link";

function nameOf(one) {
  const labelled = one.getAttribute("aria-labelledby");
  const labels = [...(one.labels ?? [])].map((label) => label.textContent);
  const pictures = all("img[alt], svg > title", one).map((part) => part.alt ?? part.textContent);
  const fieldset = one.matches("input") ? one.placeholder : "";
  const texts = [labelled && document.getElementById(labelled)?.textContent, one.getAttribute("aria-label"), one.textContent, one.title, ...labels, ...pictures, fieldset];
  return texts.filter(Boolean).join("").trim();
}

function structure() {
  const faults = [];
  if (document.documentElement.lang !== "en") faults.push("the page's language");
  const headings = all("h1, h2, h3, h4, h5, h6").filter(isVisible);
  const levels = headings.map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) faults.push("not one h1");
  if (levels[0] !== 1) faults.push("the first heading is no h1");
  levels.forEach((level, i) => i > 0 && level > levels[i - 1] + 1 && faults.push(`a level is skipped: ${words(headings[i])}`));
  const ids = all("[id]").map((one) => one.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`id twice: ${id}`);
  const landmarks = { banner: "[role=banner], body > header:not([role])", main: "main, [role=main]", contentinfo: ".bd-footer-content" };
  for (const [name, selector] of Object.entries(landmarks)) if (all(selector).length !== 1) faults.push(`${all(selector).length} landmarks ${name}`);
  if (document.querySelector("main .bd-footer-content")) faults.push("the page's end is in the main part");
  const navigations = all("nav").filter(isVisible).map((one) => one.getAttribute("aria-label") ?? document.getElementById(one.getAttribute("aria-labelledby"))?.textContent.trim());
  if (navigations.length < 2 || navigations.some((name) => !name) || new Set(navigations).size < navigations.length) faults.push(`navigations ${navigations}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (/[\uac00-\ud7a3]/.test(node.data) && !parent.closest("script, style, pre, [lang=ko]")) faults.push(`Korean without lang: ${node.data.trim().slice(0, 60)}`);
  }
  for (const one of all("img")) if (!one.alt?.trim()) faults.push(`no alternative text: ${words(one)}`);
  for (const one of all("a[href], button, input:not([type=hidden], [aria-hidden=true]), select, textarea, summary").filter(isVisible)) {
    if (!nameOf(one)) faults.push(`no name: ${words(one)}`);
  }
  return faults;
}

/** WCAG 2.5.8: 24 x 24 pixels, or a circle of that width that meets no other target; links in sentences are excepted. */
function targets() {
  const selector = "a[href], button, input:not([type=hidden]), select, summary, label:has(input), [role=button]";
  // What one drags in a drawing has an invisible border, as wide as a finger, which no box knows of.
  const found = all(selector).filter((one) => isVisible(one) && !one.disabled && !one.closest(`${HIDDEN}, svg`));
  const isInSentence = (one) => {
    if (!one.matches("a") || getComputedStyle(one).display !== "inline") return false;
    const block = one.closest("p, dd, dt, td, th, li, figcaption, h1, h2, h3, h4, div");
    return block.textContent.trim().length > one.textContent.trim().length;
  };
  // A label is a target, too: of a box to tick the larger of the two counts.
  const boxes = found.flatMap((one) => {
    if (one.matches("label") || isInSentence(one)) return [];
    const outer = one.matches("input") && one.closest("label") ? one.closest("label") : one;
    const { left, top, width, height } = outer.getBoundingClientRect();
    return [{ one, left, top, width, height, x: left + width / 2, y: top + height / 2, isSmall: width < 23.5 || height < 23.5 }];
  });
  const distance = (x, y, box) => Math.hypot(Math.max(box.left - x, 0, x - box.left - box.width), Math.max(box.top - y, 0, y - box.top - box.height));
  return boxes
    .filter(({ isSmall }) => isSmall)
    .filter((box) => boxes.some((other) => other.one !== box.one && !other.one.contains(box.one) && !box.one.contains(other.one) && (distance(box.x, box.y, other) < 11.5 || (other.isSmall && Math.hypot(box.x - other.x, box.y - other.y) < 23))))
    .map(({ one, width, height }) => `${Math.round(width)} x ${Math.round(height)}: ${words(one)}`);
}

/** Where the focus is can be seen, and no bar lies over all of it. */
async function focus() {
  const faults = [];
  document.activeElement.blur();
  await Promise.all(document.getAnimations().map((one) => one.finished)); // the skip link goes away
  const selector = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  for (const one of all(selector)) {
    if (!isVisible(one) || one.disabled || one.closest(".ib-figure, .skip-link") || one.tabIndex < 0) continue;
    one.focus();
    if (document.activeElement !== one) continue;
    const style = getComputedStyle(one);
    if (style.outlineStyle === "none" && style.boxShadow === "none") faults.push(`focus not seen: ${words(one)}`);
    const rects = [...one.getClientRects()].filter(({ width, height }) => width > 0 && height > 0);
    const isSeen = rects.some(({ left, right, top, bottom }) =>
      [0.1, 0.5, 0.9].some((part) => {
        const at = document.elementFromPoint(left + (right - left) / 2, top + (bottom - top) * part);
        return at && (one.contains(at) || at.contains(one));
      }),
    );
    if (!isSeen) faults.push(`focus hidden: ${words(one)}`);
  }
  document.activeElement.blur();
  scrollTo(0, 0);
  return faults;
}

/** Nothing beyond the window's right edge that cannot be scrolled to by itself, no text cut off, no block upon another. */
function reflow() {
  const faults = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const scrolls = (one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && !one.matches("main, .bd-article-container");
  const isInScrolled = (one) => {
    for (let outer = one; outer && outer.tagName !== "MAIN"; outer = outer.parentElement) if (scrolls(outer)) return true;
    return false;
  };
  const article = document.querySelector("main");
  for (const one of all("p, li, pre, h1, h2, h3, h4, td, th, dt, dd, img, summary, button, label, legend, math, figcaption", article).filter(isVisible)) {
    if (one.closest(`${HIDDEN}, svg`)) continue;
    const { left, right } = one.getBoundingClientRect();
    if ((right > width + 1 || left < -1) && !isInScrolled(one)) faults.push(`beyond the edge: ${words(one)}`);
    const style = getComputedStyle(one);
    const isCut = style.overflowX === "hidden" && one.scrollWidth > one.clientWidth + 1;
    if (one.textContent.trim() && (isCut || (style.overflowY === "hidden" && one.scrollHeight > one.clientHeight + 2))) faults.push(`cut off: ${words(one)}`);
  }
  const blocks = all("article section > *, article section > div > *", article).filter((one) => isVisible(one) && ["static", "relative"].includes(getComputedStyle(one).position) && getComputedStyle(one).display !== "inline" && one.matches("p, ul, ol, div, details, table, h1, h2, h3, h4, dl, blockquote"));
  for (const one of blocks) {
    const next = one.nextElementSibling;
    if (!next || !blocks.includes(next)) continue;
    const [above, below] = [one, next].map((part) => part.getBoundingClientRect());
    if (below.top < above.bottom - 1 && below.height > 0) faults.push(`over another: ${words(next)}`);
  }
  return faults;
}

/** Set the text apart as WCAG 1.4.12 lets readers do. */
function spaced() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }");
  document.adoptedStyleSheets = [sheet];
}
