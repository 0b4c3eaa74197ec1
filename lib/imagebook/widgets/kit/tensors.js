// Arrays from Python: model weights, digits, photographs. Made by imagebook.widgets._assets.

/** Return {name: {shape, data}} from packed bytes: gzip, a line of JSON, then the arrays' bytes, little-endian. */
export async function readTensors(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(packed).arrayBuffer();
  const end = new Uint8Array(buffer).indexOf(10);
  const entries = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 0, end)));
  const tensors = {};
  let offset = end + 1;
  for (const { name, shape, type } of entries) {
    const length = shape.reduce((a, b) => a * b, 1);
    const [read, size] = TYPES[type];
    tensors[name] = { shape, data: read(buffer.slice(offset, offset + size * length)) };
    offset += size * length;
  }
  return tensors;
}

const TYPES = {
  uint8: [(buffer) => new Uint8Array(buffer), 1],
  int32: [(buffer) => new Int32Array(buffer), 4],
  float32: [(buffer) => new Float32Array(buffer), 4],
  float16: [(buffer) => Float32Array.from(new Uint16Array(buffer), fromHalf), 2],
};

/** Return the number that 16 bits mean as IEEE 754 half precision. */
export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
