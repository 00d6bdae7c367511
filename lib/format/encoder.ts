import type { NumberType } from "./number_type.ts";

/** Puts the codes of numbers where they belong; both have the same length. */
export type Encoder = (numbers: Float32Array, codes: Uint8Array) => void;

const encoders = new WeakMap<NumberType, Encoder>();

/**
 * What `encode` of a number type does, for many numbers: by a table of the upper halves of their patterns, which are
 * as many as bfloat16 has. Of those that share one, all have the same code, or all from some lower half on have
 * another; where a format is finer than that, `encode` is asked each time.
 */
export function encoderOf(type: NumberType): Encoder {
  return encoders.getOrInsertComputed(type, () => {
    const table = tableOf(type);
    return table ? (numbers, codes) => lookUp(numbers, codes, table) : (numbers, codes) => {
      for (let i = 0; i < numbers.length; i++) codes[i] = type.encode(numbers[i]);
    };
  });
}

/**
 * By the upper half of a pattern: the code of the lower halves below a limit in the least byte, that of the others in
 * the next, and above them the limit. Undefined if some upper half has more than two codes.
 */
function tableOf({ encode }: NumberType): Uint32Array | undefined {
  const number = new Float32Array(1);
  const pattern = new Uint32Array(number.buffer);
  const codeOf = (upper: number, lower: number) => {
    pattern[0] = upper << 16 | lower;
    return encode(number[0]) & 255; // of what is no number a type may have none
  };
  const table = new Uint32Array(2 ** 16);
  for (let upper = 0; upper < table.length; upper++) {
    const [first, last] = [codeOf(upper, 0), codeOf(upper, 0xffff)];
    let limit = 0;
    if (first !== last) {
      let below = 0;
      limit = 0xffff;
      while (limit - below > 1) {
        const middle = below + limit >> 1;
        if (codeOf(upper, middle) === first) below = middle;
        else limit = middle;
      }
      if (codeOf(upper, limit) !== last) return undefined;
    }
    table[upper] = limit << 16 | last << 8 | first;
  }
  return table;
}

function lookUp(numbers: Float32Array, codes: Uint8Array, table: Uint32Array): void {
  const patterns = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  for (let i = 0; i < patterns.length; i++) {
    const entry = table[patterns[i] >>> 16];
    codes[i] = (patterns[i] & 0xffff) < entry >>> 16 ? entry : entry >>> 8;
  }
}
