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
