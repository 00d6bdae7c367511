/** A register of the multiplier, see {@linkcode registerFields}. */
export type RegisterName = keyof typeof registerFields;

/** The fields of each register from the highest bit down: name and bits. */
export const registerFields = {
  weights: [["0", 4], ["w_i", 4], ["0", 4], ["w_(i+1)", 4]],
  activation: [["a", 4]],
  products: [["p_i", 8], ["p_(i+1)", 8]],
  lanes: [["0", 8], ["p_i", 8], ["0", 8], ["p_(i+1)", 8]],
  accumulator: [["sum_i", 16], ["sum_(i+1)", 16]],
  activationSum: [["sum a", 32]],
  firstTotal: [["total_i", 32]],
  secondTotal: [["total_(i+1)", 32]],
  firstCorrection: [["correction_i", 32]],
  secondCorrection: [["correction_(i+1)", 32]],
  firstResult: [["result_i", 32]],
  secondResult: [["result_(i+1)", 32]],
} as const satisfies Record<string, readonly (readonly [name: string, bits: number])[]>;
