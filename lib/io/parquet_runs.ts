import { require } from "../core/mod.ts";

/**
 * Integers in runs, as Parquet has levels and places in dictionaries: so many times one value, or values of so
 * many bits each in eights.
 *
 * @param bytes The runs; what is behind the last one counts for nothing.
 * @param width Bits of a value, 0..32.
 * @param count How many there are.
 * @param action What they are wanted for, for the message.
 * @throws {InputError} If a run is longer than what is left, or the bytes end before.
 */
export function readRuns(
  bytes: Uint8Array,
  width: number,
  count: number,
  action: string,
): Uint32Array {
  const whole = "its runs must be of as many values as its page has, and end with it";
  const isWidth = Number.isInteger(width) && width >= 0 && width <= 32;
  require(isWidth, action, "its values in runs must have 0..32 bits", width);
  const values = new Uint32Array(count);
  let at = 0;
  for (let seen = 0; seen < count;) {
    let header = 0;
    for (let shift = 1;; shift *= 2 ** 7) {
      require(at < bytes.length && shift < 2 ** 35, action, whole);
      const byte = bytes[at++];
      header += (byte & 0x7f) * shift;
      if (byte < 0x80) break;
    }
    const isPacked = header % 2 === 1;
    const length = Math.floor(header / 2) * (isPacked ? 8 : 1);
    const end = at + (isPacked ? length / 8 * width : Math.ceil(width / 8));
    const left = count - seen;
    require(length > 0 && end <= bytes.length, action, whole);
    require(length <= (isPacked ? Math.ceil(left / 8) * 8 : left), action, whole, length);
    const run = values.subarray(seen, seen + length);
    if (isPacked) unpack(bytes.subarray(at, end), width, run);
    else run.fill(numberOf(bytes.subarray(at, end)));
    seen += length;
    at = end;
  }
  return values;
}

/** Values of so many bits each, from the lowest bit of the first byte up. */
function unpack(bytes: Uint8Array, width: number, into: Uint32Array): void {
  let [held, bits, at] = [0, 0, 0]; // at most 39 bits are held, which a number has room for
  for (let i = 0; i < into.length; i++) {
    for (; bits < width; bits += 8) held += bytes[at++] * 2 ** bits;
    into[i] = held % 2 ** width;
    held = Math.floor(held / 2 ** width);
    bits -= width;
  }
}

/** The lowest byte first. */
function numberOf(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
