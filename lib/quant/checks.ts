import { refuse, require } from "../core/mod.ts";

/** The smallest scale, 2^-23: what constant or all-zero input gets instead of 0. */
export const SCALE_FLOOR = 2 ** -23;

const EXPONENT = 0x7f800000;

/** Refuses a bit width that is not an integer in 2..8. */
export function requireBits(bits: number, name: string): void {
  require(
    Number.isInteger(bits) && bits >= 2 && bits <= 8,
    `quantize ${name}`,
    "bits must be an integer in 2..8",
    bits,
  );
}

/** Refuses NaN and infinity: a range computed from them would be meaningless. */
export function requireFinite(x: Float32Array, name: string): void {
  const bits = new Int32Array(x.buffer, x.byteOffset, x.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT) === EXPONENT) {
      refuse(`quantize ${name}`, `element ${i} must be finite`, x[i]);
    }
  }
}

/** Refuses a tensor of `length` elements that is no whole number of channel periods. */
export function requireLayout(
  length: number,
  { channels, inner }: { channels: number; inner: number },
  name: string,
): void {
  require(
    Number.isInteger(length / (channels * inner)),
    `quantize ${name}`,
    `its length must be a multiple of ${channels} channels x ${inner} elements`,
    length,
  );
}
