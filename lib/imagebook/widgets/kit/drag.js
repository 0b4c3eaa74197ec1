// Moving things by mouse, touch and keys alike.

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Let the reader move something. `surface` is the SVG or canvas whose coordinates count.
 *   start()          return what `move` needs to remember, for instance where the thing was
 *   move(dx, dy, remembered)   the way since the start, in the surface's own coordinates
 *   nudge(dx, dy)    an arrow key: one unit, ten with Shift
 * `size()` returns the surface's [width, height] in its own coordinates.
 */
export function draggable(handle, surface, { size, start, move, nudge }) {
  let held = null;
  handle.style.touchAction = "none";
  // Parts of an SVG have no touch-action: without this the page would scroll and the finger would lose the thing.
  handle.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { at: position(event, surface, size()), remembered: start() };
    handle.setPointerCapture(event.pointerId);
    event.stopPropagation();
    event.preventDefault();
    handle.focus?.({ preventScroll: true });
  });
  handle.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = position(event, surface, size());
    move(x - held.at[0], y - held.at[1], held.remembered);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) handle.addEventListener(end, () => (held = null));
  handle.addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (!way) return;
    event.preventDefault();
    nudge(...way.map((step) => step * (event.shiftKey ? 10 : 1)));
  });
}

/** Return where on a surface, of `size` [width, height] in its own coordinates, an event happened. */
export function position(event, surface, size) {
  const { left, top, width, height } = surface.getBoundingClientRect();
  return [((event.clientX - left) / width) * size[0], ((event.clientY - top) / height) * size[1]];
}

/** Return a value moved into [low, high]. */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
