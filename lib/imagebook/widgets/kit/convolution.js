// Convolution of a matrix, a list of rows, as in imagebook.convolution.

/** Return how many positions a kernel visits along an axis; 0 if it does not fit into the padded input. */
export function outputSize(size, kernelSize, { stride = 1, padding = 0, dilation = 1 } = {}) {
  return Math.max(0, Math.floor((size + 2 * padding - spanOf(kernelSize, dilation)) / stride) + 1);
}

/** Return how many cells a kernel reaches over along an axis. */
export function spanOf(kernelSize, dilation = 1) {
  return dilation * (kernelSize - 1) + 1;
}

/** Return a matrix with zeros around it. */
export function padded(matrix, padding) {
  const width = matrix[0].length + 2 * padding;
  const empty = () => Array.from({ length: padding }, () => Array(width).fill(0));
  const side = Array(padding).fill(0);
  return [...empty(), ...matrix.map((row) => [...side, ...row, ...side]), ...empty()];
}

/** Return a kernel turned by 180 degrees. */
export function flipped(kernel) {
  return kernel.map((row) => [...row].reverse()).reverse();
}

/** Return the cells of a padded matrix that a kernel of `rows` x `columns` sees at a position of the output. */
export function sliceAt(matrix, row, column, rows, columns, { stride = 1, dilation = 1 } = {}) {
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => matrix[row * stride + i * dilation][column * stride + j * dilation]),
  );
}

/** Return the products of two matrices of one shape, cell by cell. */
export function products(a, b) {
  return a.map((row, r) => row.map((value, c) => value * b[r][c]));
}

/** Return the sum of a matrix. */
export function total(matrix) {
  return matrix.reduce((sum, row) => row.reduce((a, b) => a + b, sum), 0);
}

/** Return the cross-correlation of an image with a kernel, as rows; no rows if the kernel does not fit. */
export function crossCorrelate2d(image, kernel, { stride = 1, padding = 0, dilation = 1 } = {}) {
  const geometry = { stride, padding, dilation };
  const [kernelRows, kernelColumns] = [kernel.length, kernel[0].length];
  const rows = outputSize(image.length, kernelRows, geometry);
  const columns = outputSize(image[0].length, kernelColumns, geometry);
  if (!rows || !columns) return [];
  const matrix = padded(image, padding);
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => total(products(sliceAt(matrix, r, c, kernelRows, kernelColumns, geometry), kernel))),
  );
}

/**
 * Return the places along a padded axis that no position of the kernel touches, {between, end}: `end` are those behind
 * the last position, left over because the stride does not fit, `between` those that it jumps over.
 */
export function unseen(size, kernelSize, { stride = 1, padding = 0, dilation = 1 } = {}) {
  const seen = new Set();
  const count = outputSize(size, kernelSize, { stride, padding, dilation });
  for (let position = 0; position < count; position++) {
    for (let cell = 0; cell < kernelSize; cell++) seen.add(position * stride + cell * dilation);
  }
  const places = Array.from({ length: size + 2 * padding }, (_, place) => place).filter((place) => !seen.has(place));
  const last = Math.max(-1, ...seen);
  return { between: places.filter((place) => place < last), end: places.filter((place) => place > last) };
}
