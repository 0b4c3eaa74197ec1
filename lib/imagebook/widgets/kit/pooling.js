// Pooling of a matrix, a list of rows, as in imagebook.pooling.

import { outputSize, sliceAt, total } from "./convolution.js";

/** Return the maximum of every window of `size` x `size` cells; no rows if the window does not fit. */
export function maxPool2d(matrix, size, stride) {
  return overWindows(matrix, size, stride, (window) => Math.max(...window.flat()));
}

/** Return the mean of every window of `size` x `size` cells; no rows if the window does not fit. */
export function averagePool2d(matrix, size, stride) {
  return overWindows(matrix, size, stride, (window) => total(window) / size ** 2);
}

function overWindows(matrix, size, stride, join) {
  const rows = outputSize(matrix.length, size, { stride });
  const columns = outputSize(matrix[0].length, size, { stride });
  if (!rows || !columns) return [];
  return Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => join(sliceAt(matrix, r, c, size, size, { stride }))));
}

/** Return a matrix moved to the right and down; zeros come in. */
export function shifted(matrix, right, down) {
  return matrix.map((row, r) => row.map((_, c) => matrix[r - down]?.[c - right] ?? 0));
}

/** Return, cell by cell, whether two matrices of one shape agree, up to rounding. */
export function unchanged(a, b) {
  return a.map((row, r) => row.map((value, c) => Math.abs(value - b[r][c]) <= 1e-9 * Math.max(1, Math.abs(value))));
}
