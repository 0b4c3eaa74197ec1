// A small kernel over a large picture, as imagebook.convolution.cross_correlate2d with padding, in tight loops.

/**
 * Return {data, low, high}: a picture {height, width, data} of interleaved channels filtered by a kernel (rows of at
 * most 5 x 5 numbers), of the same size, with zeros around it; and its range. `buffers`, an object that is empty the
 * first time, keeps arrays for the next call, which will overwrite them.
 */
export function filter({ height, width, data }, kernel, channels = 1, buffers = {}) {
  const margin = 4; // as wide as five weights reach
  const across = width * channels;
  const stride = (width + 2 * margin) * channels;
  const size = `${height} ${width} ${channels}`;
  if (buffers.size !== size) {
    const [padded, output, sums] = [new Float32Array((height + 2 * margin) * stride), new Float32Array(height * across), new Float64Array(across)];
    Object.assign(buffers, { size, padded, output, sums });
  }
  const { padded, output, sums } = buffers; // the margin stays 0
  for (let row = 0; row < height; row++) {
    padded.set(data.subarray(row * across, (row + 1) * across), (row + margin) * stride + margin * channels);
  }
  const up = margin - Math.floor(kernel.length / 2);
  const left = margin - Math.floor(kernel[0].length / 2);
  const rows = [...kernel.entries()].filter(([, weights]) => weights.some(Boolean));
  let low = Infinity;
  let high = -Infinity;
  for (let row = 0; row < height; row++) {
    sums.fill(0);
    for (const [i, weights] of rows) addRow(sums, padded, (row + up + i) * stride + left * channels, weights, channels);
    const start = row * across;
    for (let at = 0; at < across; at++) {
      const sum = sums[at];
      output[start + at] = sum;
      if (sum < low) low = sum;
      if (sum > high) high = sum;
    }
  }
  return { data: output, low, high };
}

/** Return the kernel divided by its sum, if that is above 0: even areas keep their brightness. */
export function asMean(kernel) {
  const total = sumOf(kernel);
  return total > 1e-6 ? kernel.map((row) => row.map((weight) => weight / total)) : kernel;
}

/** Return the sum of a matrix. */
export function sumOf(matrix) {
  return matrix.flat().reduce((sum, value) => sum + value, 0);
}

// Five weights at once, though some of them may be missing: that is faster than a loop over them.
function addRow(sums, padded, start, [a, b, c, d = 0, e = 0], step) {
  for (let at = 0, place = start; at < sums.length; at++, place++) {
    sums[at] += a * padded[place] + b * padded[place + step] + c * padded[place + 2 * step] + d * padded[place + 3 * step] + e * padded[place + 4 * step];
  }
}
