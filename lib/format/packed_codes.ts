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
  else {
    const start = (4 - first % 4) % 4;
    unpackSingly(packed, bits, first, into.subarray(0, start));
    const end = start + unpackFours(packed, bits, first + start, into.subarray(start));
    unpackSingly(packed, bits, first + end, into.subarray(end));
  }
}

/** Codes that begin anywhere in a byte and may end in the next. */
function unpackSingly(packed: Uint8Array, bits: number, first: number, into: Uint8Array): void {
  const mask = 2 ** bits - 1;
  for (let i = 0; i < into.length; i++) {
    const bit = (first + i) * bits;
    const at = Math.floor(bit / 8);
    into[i] = (packed[at] | packed[at + 1] << 8) >>> bit % 8 & mask;
  }
}

/**
 * Four codes at a time, of up to 28 bits, from the first that begins at bit 0 or 4 of a byte.
 *
 * @param first A multiple of four.
 * @returns How many codes were read: as long as the four bytes that may hold the next are there.
 */
function unpackFours(packed: Uint8Array, bits: number, first: number, into: Uint8Array): number {
  const mask = 2 ** bits - 1;
  const [end, last] = [into.length - 3, packed.length - 3];
  let [i, at, shift] = [0, Math.floor(first * bits / 8), first * bits % 8];
  for (; i < end && at < last; i += 4) {
    const word = packed[at] | packed[at + 1] << 8 | packed[at + 2] << 16 | packed[at + 3] << 24;
    const four = word >>> shift;
    into[i] = four & mask;
    into[i + 1] = four >>> bits & mask;
    into[i + 2] = four >>> 2 * bits & mask;
    into[i + 3] = four >>> 3 * bits & mask;
    shift += 4 * bits;
    at += shift >>> 3;
    shift &= 7;
  }
  return i;
}
