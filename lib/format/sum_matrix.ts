import { require } from "../core/mod.ts";
import type { StoredMatrix } from "./stored_matrix.ts";

/** A matrix that can be added to rows which are there already. */
export interface Summand extends StoredMatrix {
  /**
   * Adds rows from `firstRow` on, in float32, until `into` is full.
   *
   * @param into `[n, columns]`.
   * @throws {InputError} As {@linkcode StoredMatrix.decode}.
   */
  addTo(firstRow: number, into: Float32Array): void;
}

/** A matrix and what is added to it: outliers (SpQR, SqueezeLLM) or a correction of low rank (LoRC). */
export class SumMatrix implements StoredMatrix {
  /** As {@linkcode sumMatrix}, which checks what it is given. */
  constructor(readonly base: StoredMatrix, readonly parts: readonly Summand[]) {}

  get rows(): number {
    return this.base.rows;
  }

  get columns(): number {
    return this.base.columns;
  }

  get byteLength(): number {
    return this.parts.reduce((sum, part) => sum + part.byteLength, this.base.byteLength);
  }

  get form(): string {
    return [this.base, ...this.parts].map(({ form }) => form).join(" + ");
  }

  decode(firstRow: number, into: Float32Array): void {
    this.base.decode(firstRow, into);
    for (const part of this.parts) part.addTo(firstRow, into);
  }
}

/**
 * A matrix and what is added to it, part by part in float32.
 *
 * @param name What errors call the matrix.
 * @throws {InputError} If a part has another shape.
 */
export function sumMatrix(
  base: StoredMatrix,
  parts: readonly Summand[],
  name = "matrix",
): SumMatrix {
  const rule = `its parts must be ${base.rows} x ${base.columns}`;
  for (const { rows, columns } of parts) {
    require(rows === base.rows && columns === base.columns, `store ${name}`, rule, [rows, columns]);
  }
  return new SumMatrix(base, parts);
}
