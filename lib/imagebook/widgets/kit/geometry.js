// Transforms as 3x3 matrices (lists of rows) and images warped by them, as in imagebook.geometry.

/** Return the matrix of a rotation about the origin, counter-clockwise as seen, in degrees. */
export function rotation(degrees) {
  const angle = ((degrees % 360) * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)].map((value) => Math.round(value * 1e15) / 1e15);
  return [[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]];
}

/** Return the matrix of a scaling about the origin by two factors. */
export function scaling(vertical, horizontal = vertical) {
  return [[horizontal, 0, 0], [0, vertical, 0], [0, 0, 1]];
}

/** Return the matrix of a shear: vertical lines lean by an angle in degrees, counter-clockwise if it is positive. */
export function shearing(degrees) {
  return [[1, Math.tan((degrees * Math.PI) / 180), 0], [0, 1, 0], [0, 0, 1]];
}

/** Return the matrix that moves by two distances in pixels. */
export function translation(vertical, horizontal) {
  return [[1, 0, horizontal], [0, 1, vertical], [0, 0, 1]];
}

/** Return the product of matrices, the rightmost applied first. */
export function product(...matrices) {
  return matrices.reduce((a, b) => a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0))));
}

/** Return a matrix that acts about a point [vertical, horizontal] in place of the origin. */
export function about(matrix, [vertical, horizontal]) {
  return product(translation(vertical, horizontal), matrix, translation(-vertical, -horizontal));
}

/** Return the inverse of a 3x3 matrix, or null if it has none. */
export function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const cofactors = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
  const determinant = a * cofactors[0] + b * cofactors[3] + c * cofactors[6];
  if (!Number.isFinite(1 / determinant)) return null;
  return [0, 3, 6].map((start) => cofactors.slice(start, start + 3).map((value) => value / determinant));
}

/** Return where a matrix takes a point [x, y]. */
export function transformPoint([x, y], matrix) {
  const [u, v, w] = matrix.map(([a, b, c]) => a * x + b * y + c);
  return [u / w, v / w];
}

/**
 * Return `data` (H, W, C) warped by a matrix: every output pixel blends the four input pixels round the place it
 * comes from; outside of the image all is `fill`. What lies behind the horizon of a projective matrix is `fill` too.
 */
export function warp({ height, width, data }, matrix, { fill = 0, channels = 1, shape = [height, width] } = {}) {
  const [rows, columns] = shape;
  const back = inverse(matrix);
  const output = new Float64Array(rows * columns * channels).fill(fill);
  if (back === null) return output;
  // M and -M are the same transform: take the one for which w is positive in front of the camera.
  const side = Math.sign((matrix[2][0] * width) / 2 + (matrix[2][1] * height) / 2 + matrix[2][2]);
  const [[a, b, c], [d, e, f], [g, h, i]] = back.map((line) => line.map((value) => side * value));
  const pixel = (r, s, channel) => (r < 0 || r >= height || s < 0 || s >= width ? fill : data[(r * width + s) * channels + channel]);
  for (let row = 0, at = 0; row < rows; row++) {
    const down = row + 0.5;
    for (let column = 0; column < columns; column++, at += channels) {
      const across = column + 0.5;
      const w = g * across + h * down + i;
      if (!(w > 0)) continue;
      const x = (a * across + b * down + c) / w - 0.5;
      const y = (d * across + e * down + f) / w - 0.5;
      if (!(x > -1 && x < width && y > -1 && y < height)) continue;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [rightward, downward] = [x - left, y - top];
      const inside = left >= 0 && top >= 0 && left + 1 < width && top + 1 < height;
      const corner = (top * width + left) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const near = corner + channel;
        const first = inside ? data[near] : pixel(top, left, channel);
        const second = inside ? data[near + channels] : pixel(top, left + 1, channel);
        const third = inside ? data[near + width * channels] : pixel(top + 1, left, channel);
        const fourth = inside ? data[near + (width + 1) * channels] : pixel(top + 1, left + 1, channel);
        const upper = first + rightward * (second - first);
        output[at + channel] = upper + downward * (third + rightward * (fourth - third) - upper);
      }
    }
  }
  return output;
}
