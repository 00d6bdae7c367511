/**
 * Sixteen-bit floating point, as stored in checkpoints: IEEE 754 binary16 ("F16": 5 bits of
 * exponent, 10 of fraction) and bfloat16 ("BF16": the high half of a float32).
 */

/** The value of every pattern of binary16, once it is needed. */
let valuesOf16: Float32Array | undefined;

/**
 * The values of binary16 as float32; exact for every pattern, NaN stays NaN.
 *
 * Looked up, since V8 compiles loops over a Float16Array well in some programs and ten times slower in
 * others.
 *
 * @param into Where they go, as long as `halves`.
 */
export function decodeFloat16(
  halves: Float16Array,
  into: Float32Array = new Float32Array(halves.length),
): Float32Array {
  const values = float16Values();
  const patterns = new Uint16Array(halves.buffer, halves.byteOffset, halves.length);
  for (let i = 0; i < patterns.length; i++) into[i] = values[patterns[i]];
  return into;
}

/** The value of every pattern of binary16, by the pattern. */
export function float16Values(): Float32Array {
  return valuesOf16 ??= new Float32Array(
    new Float16Array(Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern).buffer),
  );
}

/** Rounds float32 to binary16, half to even; 65520 and beyond become infinite. */
export function encodeFloat16(values: Float32Array): Float16Array {
  return new Float16Array(values);
}

/**
 * The values of bfloat16 patterns as float32; exact to the bit, NaN included.
 *
 * @param into Where they go, as long as `patterns`.
 */
export function decodeBfloat16(
  patterns: Uint16Array,
  into: Float32Array = new Float32Array(patterns.length),
): Float32Array {
  const bits = new Uint32Array(into.buffer, into.byteOffset, patterns.length);
  for (let i = 0; i < patterns.length; i++) bits[i] = patterns[i] << 16;
  return into;
}

/** Rounds float32 to bfloat16 patterns, half to even; a NaN becomes the quiet NaN of its sign. */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const patterns = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const high = bits[i] >>> 16;
    const isNaN = (bits[i] & 0x7fffffff) > 0x7f800000;
    patterns[i] = isNaN ? high & 0x8000 | 0x7fc0 : (bits[i] + 0x7fff + (high & 1)) >>> 16;
  }
  return patterns;
}
