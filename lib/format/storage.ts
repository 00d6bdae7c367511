import { bitsPerWeight, type StoredMatrix } from "./stored_matrix.ts";

/** What is known of a stored matrix before it is read. */
export type StorageFacts = Pick<StoredMatrix, "rows" | "columns" | "byteLength" | "form">;

/** How several matrices are stored. */
export interface Storage {
  /** Their forms, that of the most weights first. */
  forms: string[];
  matrices: number;
  weights: number;
  /** All that is held for them: codes, scales, zero points, indices. */
  byteLength: number;
  /** `8 * byteLength / weights` */
  bitsPerWeight: number;
}

/** How matrices are stored, taken together; without one there are no bits per weight (NaN). */
export function storageOf(matrices: Iterable<StorageFacts>): Storage {
  const weightsOf = new Map<string, number>();
  const sum = { matrices: 0, weights: 0, byteLength: 0 };
  for (const { rows, columns, byteLength, form } of matrices) {
    const weights = rows * columns;
    weightsOf.set(form, (weightsOf.get(form) ?? 0) + weights);
    sum.matrices++;
    sum.weights += weights;
    sum.byteLength += byteLength;
  }
  const forms = [...weightsOf].sort(([, one], [, other]) => other - one).map(([form]) => form);
  const { weights, byteLength } = sum;
  return { forms, ...sum, bitsPerWeight: bitsPerWeight({ rows: 1, columns: weights, byteLength }) };
}
