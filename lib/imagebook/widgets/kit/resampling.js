// Fewer pixels, as in imagebook.resampling.

/**
 * Return a picture {height, width, data} of interleaved channels downsampled by a whole factor: each block becomes its
 * mean, or, without `antialias`, its top left pixel.
 */
export function downsample({ height, width, data }, factor, { channels = 1, antialias = true } = {}) {
  const [rows, columns] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const output = new Float32Array(rows * columns * channels);
  for (let row = 0, at = 0; row < rows; row++) {
    const bottom = antialias ? Math.min(height, (row + 1) * factor) : row * factor + 1;
    for (let column = 0; column < columns; column++) {
      const right = antialias ? Math.min(width, (column + 1) * factor) : column * factor + 1;
      const count = (bottom - row * factor) * (right - column * factor);
      for (let channel = 0; channel < channels; channel++, at++) {
        let sum = 0;
        for (let r = row * factor; r < bottom; r++) {
          for (let c = column * factor; c < right; c++) sum += data[(r * width + c) * channels + channel];
        }
        output[at] = sum / count;
      }
    }
  }
  return { height: rows, width: columns, data: output };
}

/** Return a picture resized to [height, width] by the triangle filter, which averages where the picture shrinks. */
export function resize({ height, width, data }, [newHeight, newWidth], { channels = 1 } = {}) {
  const across = width * channels;
  const rows = new Float64Array(newHeight * across);
  for (const [row, { first, weights }] of triangles(height, newHeight).entries()) {
    for (const [index, weight] of weights.entries()) {
      const from = (first + index) * across;
      for (let at = 0; at < across; at++) rows[row * across + at] += weight * data[from + at];
    }
  }
  const output = new Float32Array(newHeight * newWidth * channels);
  const columns = triangles(width, newWidth);
  for (let row = 0, at = 0; row < newHeight; row++) {
    for (const { first, weights } of columns) {
      for (let channel = 0; channel < channels; channel++, at++) {
        let sum = 0;
        for (let index = 0, from = row * across + first * channels + channel; index < weights.length; index++, from += channels) sum += weights[index] * rows[from];
        output[at] = sum;
      }
    }
  }
  return { height: newHeight, width: newWidth, data: output };
}

// For each new pixel, the first old one that it sees and the weights of it and those after it.
function triangles(size, newSize) {
  const step = size / newSize;
  const radius = Math.max(step, 1);
  return Array.from({ length: newSize }, (_, index) => {
    const place = step * (index + 0.5);
    const first = Math.max(0, Math.floor(place - radius));
    const last = Math.min(size, Math.floor(place + radius) + 1);
    const weights = Float64Array.from({ length: last - first }, (_, i) => Math.max(0, 1 - Math.abs(first + i + 0.5 - place) / radius));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}
