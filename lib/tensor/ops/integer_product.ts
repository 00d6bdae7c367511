import { refuse, require } from "../../core/mod.ts";
import { AgileBackend } from "../agile.ts";
import { depthStep, paddedColumns, requireDepth } from "../integer_product.ts";
import { tf } from "../tf.ts";

/**
 * A B^T in integers, exact.
 *
 * @param a Unsigned codes of activations, [rows, in].
 * @param b Signed codes of weights, [out, in].
 * @param columns in: 1..32768.
 * @param target Where the result goes, [rows, out]; by default a new array.
 * @returns `target`.
 * @throws {InputError} If the shapes do not fit or another backend than `agile` computes.
 */
export function multiplyIntegers(
  a: Uint8Array,
  b: Int8Array,
  columns: number,
  target?: Int32Array,
): Int32Array {
  const action = "multiply integers";
  const [m, n] = [a.length / columns, b.length / columns];
  const fits = Number.isInteger(columns) && Number.isInteger(m) && Number.isInteger(n);
  require(fits, action, `both must hold whole rows of ${columns}`, [a.length, b.length]);
  requireDepth(columns, action);
  target ??= new Int32Array(m * n);
  require(target.length === m * n, action, `target must hold ${m} x ${n} sums`, target.length);
  const backend = integerBackend(action);
  const k = Math.ceil(columns / depthStep) * depthStep;
  const strideC = paddedColumns(n);
  backend.scratch([m * k, strideC * k, 4 * m * strideC], (left, right, product) => {
    copyRows(a, columns, backend.view(Uint8Array, left, m * k), k);
    copyRows(b, columns, backend.view(Int8Array, right, n * k), k);
    backend.integerProduct.multiply(left, right, product, { m, n, k, strideA: k, strideC });
    copyRows(backend.view(Int32Array, product, m * strideC), strideC, target, n);
  });
  return target;
}

/**
 * The backend that computes.
 *
 * @throws {InputError} If it is not `agile`.
 */
export function integerBackend(action: string): AgileBackend {
  const backend = tf.backend();
  if (backend instanceof AgileBackend) return backend;
  refuse(action, "the backend must be agile", tf.getBackend());
}

/** Copies rows into longer ones, whose rest becomes 0, or into shorter ones. */
function copyRows<Values extends Uint8Array | Int8Array | Int32Array>(
  source: Values,
  sourceColumns: number,
  target: Values,
  columns: number,
): void {
  if (sourceColumns === columns) return target.set(source);
  const width = Math.min(sourceColumns, columns);
  target.fill(0);
  for (let from = 0, to = 0; from < source.length; from += sourceColumns, to += columns) {
    target.set(source.subarray(from, from + width), to);
  }
}
