import { dotInt4, type Int4Options } from "./dot.ts";
import type { PackedWeights } from "./packed_weights.ts";
import { registerFields, type RegisterName } from "./registers.ts";

/** Some adjacent bits of a register. */
export interface BitField {
  name: string;
  bits: number;
  /** An unsigned integer. */
  value: number;
}

/** A register at the moment when it is set. */
export interface RegisterState {
  /** The row that is being multiplied; the number of rows once all have been. */
  step: number;
  name: RegisterName;
  /** Its width. */
  bits: number;
  /** Its content as an unsigned integer; corrections and results are in two's complement. */
  value: number;
  /** Its parts from the highest bit down; their bits add up to `bits`. */
  fields: BitField[];
}

/**
 * Every register that {@linkcode dotInt4} sets, in order, for a picture of the bits at work (fig. 5).
 *
 * @param activations `[rows]`, each 0..15.
 * @param pair Selects columns `2 pair` and, if there is one, `2 pair + 1`.
 * @throws {InputError} As {@linkcode dotInt4} does.
 */
export function traceDotInt4(
  activations: Uint8Array,
  weights: PackedWeights,
  pair: number,
  options?: Int4Options,
): RegisterState[] {
  const states: RegisterState[] = [];
  dotInt4(activations, weights, pair, options, (step, name, value) => {
    states.push({ step, name, ...decode(name, value) });
  });
  return states;
}

function decode(name: RegisterName, value: number) {
  let bits = 0;
  const fields = registerFields[name].toReversed().map(([name, width]): BitField => {
    const field = { name, bits: width, value: Math.floor(value / 2 ** bits) % 2 ** width };
    bits += width;
    return field;
  });
  return { bits, value, fields: fields.reverse() };
}
