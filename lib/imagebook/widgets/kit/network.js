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
export function conv2d({ height, width, channels, data }, { shape: [kh, kw, , depth], data: weights }, bias, stride = 1) {
  const [rows, columns] = [Math.floor((height - kh) / stride) + 1, Math.floor((width - kw) / stride) + 1];
  const output = new Float64Array(rows * columns * depth);
  const span = kw * channels; // numbers of one row of the window: they lie side by side
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = (r * columns + c) * depth;
      for (let d = 0; d < depth; d++) output[at + d] = bias[d];
      for (let i = 0; i < kh; i++) {
        const from = ((r * stride + i) * width + c * stride) * channels;
        let weight = i * span * depth;
        for (let j = 0; j < span; j++, weight += depth) {
          const input = data[from + j];
          if (input === 0) continue;
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
    const start = Math.floor(r / size) * columns;
    for (let c = 0; c < columns * size; c++) {
      const from = (r * width + c) * channels;
      const to = (start + Math.floor(c / size)) * channels;
      for (let k = 0; k < channels; k++) if (data[from + k] > output[to + k]) output[to + k] = data[from + k];
    }
  }
  return { height: rows, width: columns, channels, data: output };
}

/** Return max(x, 0) of every number. */
export function relu(values) {
  const result = values.slice();
  for (let i = 0; i < result.length; i++) if (result[i] < 0) result[i] = 0;
  return result;
}

/** Return 1 / (1 + exp(-x)) of every number. */
export function sigmoid(values) {
  const result = values.slice();
  for (let i = 0; i < result.length; i++) result[i] = 1 / (1 + Math.exp(-result[i]));
  return result;
}
