// Softmax, its entropy, and draws from it, as in imagebook.softmax.

/** Return the probabilities of logits at a temperature; at 0 the largest logits share all of it. */
export function softmax(logits, temperature = 1) {
  const most = Math.max(...logits);
  const parts = Array.from(logits, (logit) => (temperature === 0 ? Number(logit === most) : Math.exp((logit - most) / temperature)));
  const total = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / total);
}

/** Return the entropy of probabilities in bits. */
export function entropy(probabilities) {
  return probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);
}

/** Return the index that a uniform number in [0, 1) draws from probabilities. */
export function draw(probabilities, uniform) {
  let sum = 0;
  for (const [index, p] of probabilities.entries()) {
    sum += p;
    if (uniform < sum) return index;
  }
  return probabilities.findLastIndex((p) => p > 0); // rounding left a gap at the end
}

/** Return the index of the largest number, the first of several. */
export function argmax(values) {
  return values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
}
