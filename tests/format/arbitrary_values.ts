import fc from "fast-check";

/** So many float32 numbers between -100 and 100. */
export function floats(length: number): fc.Arbitrary<Float32Array> {
  const value = fc.float({ min: -100, max: 100, noNaN: true });
  return fc.array(value, { minLength: length, maxLength: length })
    .map((all) => Float32Array.from(all));
}

/** So many codes of so many bits. */
export function codesOf(bits: number, length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ max: 2 ** bits - 1, minLength: length, maxLength: length });
}

/** Some rows of a matrix of so many, none perhaps: the first, and the one after the last. */
export function someRows(rows: number): fc.Arbitrary<[first: number, end: number]> {
  return fc.tuple(fc.nat(rows), fc.nat(rows)).map(([a, b]) => a < b ? [a, b] : [b, a]);
}
