// The layers of a trained network, forward only, as in imagebook.layers. Arrays are flat, channels last.

/** Return a dense layer's outputs: inputs (n) times weights (n, m), plus bias (m). */
export function dense(inputs, weights, bias) {
  const outputs = Float64Array.from(bias);
  const m = outputs.length;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input === 0) continue; // most pixels of a digit
    const row = i * m;
    for (let j = 0; j < m; j++) outputs[j] += input * weights[row + j];
  }
  return outputs;
}

/**
 * Return {height, width, channels, data} of a convolutional layer without padding: image (H, W, C) with weights
 * (kh, kw, C, D) and bias (D).
 */
export function conv2d({ height, width, channels, data }, { shape: [kh, kw, , depth], data: weights }, bias) {
  const [rows, columns] = [height - kh + 1, width - kw + 1];
  const output = new Float64Array(rows * columns * depth);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = (r * columns + c) * depth;
      for (let d = 0; d < depth; d++) output[at + d] = bias[d];
      for (let i = 0; i < kh; i++) {
        for (let jk = 0; jk < kw * channels; jk++) {
          const input = data[((r + i) * width + c) * channels + jk];
          if (input === 0) continue;
          const weight = (i * kw * channels + jk) * depth;
          for (let d = 0; d < depth; d++) output[at + d] += input * weights[weight + d];
        }
      }
    }
  }
  return { height: rows, width: columns, channels: depth, data: output };
}

/** Return an image (H, W, C) pooled: the maximum of each window of `size` x `size`, windows side by side. */
export function maxPool2d({ height, width, channels, data }, size) {
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)];
  const output = new Float64Array(rows * columns * channels).fill(-Infinity);
  for (let r = 0; r < rows * size; r++) {
    for (let c = 0; c < columns * size; c++) {
      const from = (r * width + c) * channels;
      const to = (Math.floor(r / size) * columns + Math.floor(c / size)) * channels;
      for (let k = 0; k < channels; k++) output[to + k] = Math.max(output[to + k], data[from + k]);
    }
  }
  return { height: rows, width: columns, channels, data: output };
}

/** Return max(x, 0) of every number. */
export function relu(values) {
  return values.map((value) => Math.max(value, 0));
}

/** Return 1 / (1 + exp(-x)) of every number. */
export function sigmoid(values) {
  return values.map((value) => 1 / (1 + Math.exp(-value)));
}
