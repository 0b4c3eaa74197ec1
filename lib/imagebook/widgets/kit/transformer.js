// A Transformer, forward only, as in imagebook.attention, and the model that imagebook.instruction makes of it.
// Sequences are flat arrays of T tokens of `width` numbers each; parameters are {name: {shape, data}}.

import { relu } from "./network.js";

const EPSILON = 1e-5;

/** Return a picture of `side` x `side` pixels cut into square patches, each a token of size² numbers, row by row. */
export function patches(pixels, side, size) {
  const across = side / size;
  return Array.from({ length: across * across }, (_, index) => {
    const start = Math.floor(index / across) * size * side + (index % across) * size;
    return Float64Array.from({ length: size * size }, (_, i) => pixels[start + Math.floor(i / size) * side + (i % size)]);
  });
}

/** Return every token brought to mean 0 and variance 1, then scaled and shifted as learned. */
export function layerNorm(tokens, weights, bias) {
  const width = weights.length;
  const outputs = new Float64Array(tokens.length);
  for (let start = 0; start < tokens.length; start += width) {
    let [mean, variance] = [0, 0];
    for (let i = 0; i < width; i++) mean += tokens[start + i] / width;
    for (let i = 0; i < width; i++) variance += (tokens[start + i] - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + EPSILON);
    for (let i = 0; i < width; i++) outputs[start + i] = (tokens[start + i] - mean) * scale * weights[i] + bias[i];
  }
  return outputs;
}

/** Return a dense layer's outputs for every token: a flat sequence again. */
export function denseTokens(tokens, weights, bias) {
  const [m, width] = [bias.length, weights.length / bias.length];
  const outputs = new Float64Array((tokens.length / width) * m);
  for (let from = 0, to = 0; from < tokens.length; from += width, to += m) {
    for (let j = 0; j < m; j++) outputs[to + j] = bias[j];
    for (let i = 0; i < width; i++) {
      const input = tokens[from + i];
      if (input === 0) continue; // behind a ReLU, and where a digit is black
      for (let j = 0; j < m; j++) outputs[to + j] += input * weights[i * m + j];
    }
  }
  return outputs;
}

/**
 * Return {outputs, attention} of multi-head self-attention in which every token looks at all. `attention` holds, for
 * each head, T rows of T numbers: how much each token takes from each.
 */
export function selfAttention(tokens, parameters, prefix, heads) {
  const of = (name) => parameters[`${prefix}.${name}`].data;
  const width = of("output_bias").length;
  const [count, depth] = [tokens.length / width, width / heads];
  const projected = denseTokens(tokens, of("weights"), of("bias")); // per token: queries, keys, values of all heads
  const mixed = new Float64Array(tokens.length);
  const attention = Array.from({ length: heads }, () => new Float64Array(count * count));
  for (let head = 0; head < heads; head++) {
    const [query, key, value] = [0, width, 2 * width].map((start) => start + head * depth);
    for (let t = 0; t < count; t++) {
      const row = attention[head].subarray(t * count, (t + 1) * count);
      let [most, total] = [-Infinity, 0];
      for (let other = 0; other < count; other++) {
        let score = 0;
        for (let i = 0; i < depth; i++) score += projected[3 * width * t + query + i] * projected[3 * width * other + key + i];
        row[other] = score / Math.sqrt(depth);
        most = Math.max(most, row[other]);
      }
      for (let other = 0; other < count; other++) total += row[other] = Math.exp(row[other] - most);
      for (let other = 0; other < count; other++) {
        row[other] /= total;
        for (let i = 0; i < depth; i++) mixed[t * width + head * depth + i] += row[other] * projected[3 * width * other + value + i];
      }
    }
  }
  return { outputs: denseTokens(mixed, of("output_weights"), of("output_bias")), attention };
}

/** Return {outputs, attention} of a Transformer block: tokens look at each other, then each is processed by itself. */
export function transformerBlock(tokens, parameters, prefix, heads) {
  const of = (name) => parameters[`${prefix}.${name}`].data;
  const read = layerNorm(tokens, of("attention_norm.weights"), of("attention_norm.bias"));
  const { outputs, attention } = selfAttention(read, parameters, `${prefix}.attention`, heads);
  for (let i = 0; i < outputs.length; i++) outputs[i] += tokens[i];
  const normed = layerNorm(outputs, of("mlp_norm.weights"), of("mlp_norm.bias"));
  const hidden = relu(denseTokens(normed, of("mlp_in.weights"), of("mlp_in.bias")));
  const added = denseTokens(hidden, of("mlp_out.weights"), of("mlp_out.bias"));
  for (let i = 0; i < outputs.length; i++) outputs[i] += added[i];
  return { outputs, attention };
}

/** Return the words of a text, in lower case and without the marks . , ? ! */
export function wordsOf(text) {
  return text.toLowerCase().match(/(?:[^\s.,?!]|\ufeff)+/g) ?? []; // to Python, U+FEFF is no space
}

/**
 * Return {logits, attention} of the multimodal model for a digit and the tokens of a text. The sequence is: patches,
 * words, blank; `attention[block][head]` is as `selfAttention` returns it. Places that the text leaves empty are left
 * out: nothing looks at them.
 */
export function multimodal(parameters, pixels, text, { side, size, heads, blocks }) {
  const of = (name) => parameters[`0.${name}`].data;
  const seen = patches(pixels, side, size).map((patch) => denseTokens(patch, of("patches.weights"), of("patches.bias")));
  const width = of("patches.bias").length;
  const table = of("words.weights");
  const positions = of("positions.weights");
  const row = (matrix, index) => matrix.subarray(index * width, (index + 1) * width);
  const blank = table.length / width - 1;
  const vectors = [...seen, ...[...text, blank].map((token) => row(table, token))];
  const places = vectors.map((_, place) => place);
  places[places.length - 1] = positions.length / width - 1; // the blank is always the last
  let tokens = new Float64Array(vectors.length * width);
  for (const [t, vector] of vectors.entries()) for (let i = 0; i < width; i++) tokens[t * width + i] = vector[i] + positions[places[t] * width + i];
  const attention = [];
  for (let block = 0; block < blocks; block++) {
    const result = transformerBlock(tokens, parameters, `0.block${block}`, heads);
    tokens = result.outputs;
    attention.push(result.attention);
  }
  const answer = layerNorm(tokens.subarray(tokens.length - width), of("norm.weights"), of("norm.bias"));
  return { logits: denseTokens(answer, of("answer.weights"), of("answer.bias")), attention };
}
