// Changes of a digit that keep (or do not keep) its meaning, as imagebook.augmentation makes them.

import { about, product, rotation, scaling, shearing, warp } from "./geometry.js";
import { normals, uniforms } from "./random.js";

const SIDE = 28;

/**
 * Return the matrix of all geometric changes about the middle of a digit: first the mirror, then stretching, then the
 * shear, then the turn.
 */
export function changeMatrix({ angle = 0, vertical = 1, horizontal = 1, mirror = false, shear = 0 }) {
  return about(product(rotation(angle), shearing(shear), scaling(vertical, mirror ? -horizontal : horizontal)), [SIDE / 2, SIDE / 2]);
}

/**
 * Return 28 x 28 pixels changed: moved by `changeMatrix`, then with noise of a standard deviation, then with a square
 * of `hole` pixels erased. All that is random comes from `seed`.
 */
export function augmented(pixels, changes) {
  const { noise = 0, hole = 0, seed = 0 } = changes;
  const result = warp({ height: SIDE, width: SIDE, data: pixels }, changeMatrix(changes));
  if (noise > 0) {
    const normal = normals(seed);
    for (let i = 0; i < result.length; i++) result[i] = Math.min(1, Math.max(0, result[i] + noise * normal()));
  }
  const [top, left] = holePlace(hole, seed);
  for (let row = top; row < top + hole; row++) result.fill(0, row * SIDE + left, row * SIDE + left + hole);
  return result;
}

/** Return [row, column] of the first pixel of an erased square, at every possible place equally often. */
export function holePlace(hole, seed) {
  const uniform = uniforms(seed + 1); // not the numbers that the noise is made of
  return [Math.floor(uniform() * (SIDE - hole + 1)), Math.floor(uniform() * (SIDE - hole + 1))];
}

/**
 * Return changes drawn at random within the reader's: angles from -a to a, factors from 1/f to f, noise up to the
 * reader's; a mirror in half of the draws if the reader mirrors; a square of the same size at another place.
 */
export function variant(changes, uniform) {
  const between = (low, high) => low + uniform() * (high - low);
  const factor = (most) => Math.exp(between(-1, 1) * Math.log(most));
  return {
    angle: between(-changes.angle, changes.angle),
    vertical: factor(changes.vertical),
    horizontal: factor(changes.horizontal),
    mirror: uniform() < 0.5 && changes.mirror,
    shear: between(-changes.shear, changes.shear),
    noise: between(0, changes.noise),
    hole: changes.hole,
    seed: Math.floor(uniform() * 1e6),
  };
}
