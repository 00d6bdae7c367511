import { refuse, require } from "../core/mod.ts";

/** Refuses a width of codes that is not an integer in 2..8. */
export function requireCodeBits(bits: number, action: string): void {
  const fits = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(fits, action, "bits must be an integer in 2..8", bits);
}

/**
 * Codes as a stream of bits, without gaps: code i takes up bits `i * bits` and on, the lowest bit of a
 * byte being the first.
 *
 * @param codes Each 0..2^bits-1.
 * @param bits 2..8.
 * @param action What errors say was attempted.
 * @param what What errors call the codes.
 * @returns `ceil(codes.length * bits / 8)` bytes.
 * @throws {InputError} If a code is out of range.
 */
export function packCodes(
  codes: Uint8Array,
  bits: number,
  action = "pack codes",
  what = "codes",
): Uint8Array {
  requireCodeBits(bits, action);
  const codeMax = 2 ** bits - 1;
  const packed = new Uint8Array(Math.ceil(codes.length * bits / 8));
  let [held, count, at] = [0, 0, 0];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code > codeMax) refuse(action, `${what} must be integers in 0..${codeMax}`, code);
    held |= code << count;
    count += bits;
    if (count >= 8) {
      packed[at++] = held;
      held >>>= 8;
      count -= 8;
    }
  }
  if (count > 0) packed[at] = held;
  return packed;
}

/**
 * Reads codes from a stream of bits until `into` is full.
 *
 * @param packed Of {@linkcode packCodes}.
 * @param bits 2..8.
 * @param first Which code of the stream comes first.
 */
export function unpackCodes(
  packed: Uint8Array,
  bits: number,
  first: number,
  into: Uint8Array,
): void {
  if (bits === 8) into.set(packed.subarray(first, first + into.length));
  else if (bits === 4) unpackHalves(packed, first, into);
  else unpackBits(packed, bits, first, into);
}

/** Two codes to a byte. */
function unpackHalves(packed: Uint8Array, first: number, into: Uint8Array): void {
  let [i, at] = [0, first >>> 1];
  if (first % 2 === 1 && into.length > 0) into[i++] = packed[at++] >>> 4;
  for (; i + 1 < into.length; i += 2) {
    const pair = packed[at++];
    into[i] = pair & 15;
    into[i + 1] = pair >>> 4;
  }
  if (i < into.length) into[i] = packed[at] & 15;
}

/** Codes that begin anywhere in a byte and may end in the next. */
function unpackBits(packed: Uint8Array, bits: number, first: number, into: Uint8Array): void {
  const mask = 2 ** bits - 1;
  let at = Math.floor(first * bits / 8);
  const skipped = first * bits % 8;
  let held = packed[at++] >>> skipped;
  let count = 8 - skipped;
  for (let i = 0; i < into.length; i++) {
    if (count < bits) {
      held |= packed[at++] << count;
      count += 8;
    }
    into[i] = held & mask;
    held >>>= bits;
    count -= bits;
  }
}
