import { require, type Step } from "../core/mod.ts";
import { floatMatrix, triangleOf } from "../format/mod.ts";
import { requireFinite, requireFiniteHessian } from "./checks.ts";
import { GptqFactor, type GptqOptions, type GptqResult } from "./gptq_factor.ts";

/**
 * GPTQ (Frantar et al. 2023, alg. 1): quantizes column by column and lets the columns to come make
 * up for the error of each.
 *
 * The Hessian of a layer with inputs x is `H = (2 / n) * sum of x x^T` over all tokens of n calibration
 * sequences; a common factor changes neither codes nor scales, only the loss. Columns that were never
 * active (zero diagonal) are set to zero. As in the reference code a whole row's grid is that of its
 * weights as they were, never active ones included; groups count columns in the order in which they
 * are quantized, and their grids see zeroed columns and the compensation of finished blocks.
 *
 * @param weight `[rows, columns]`, i.e. `[out, in]`.
 * @param hessian `[columns, columns]`, symmetric; left as it is.
 * @param name What errors call the matrix.
 * @param onStep Called many times a second, unless the matrix is huge.
 * @throws {InputError} If shapes or options do not fit, a weight or the Hessian is not finite, a range
 * is wider than float32 reaches, or the damped Hessian is not positive definite.
 */
export function gptq(
  weight: Float32Array,
  hessian: Float32Array | Float64Array,
  options: GptqOptions,
  name = "weight",
  onStep: Step = () => {},
): GptqResult {
  const action = `quantize ${name}`;
  const columns = Math.sqrt(hessian.length);
  require(Number.isInteger(columns), action, "the Hessian must be square", hessian.length);
  const rows = weight.length / columns;
  const rule = `it must hold ${rows} x ${columns} values`;
  require(Number.isInteger(rows) && rows > 0, action, rule, weight.length);
  requireFiniteHessian(hessian, action);
  requireFinite(weight, name);
  using factor = new GptqFactor(triangleOf(hessian), options, name, (share) => onStep(share / 2));
  const matrix = floatMatrix("F32", weight, rows, columns, name);
  return factor.quantize(matrix, name, (share) => onStep((1 + share) / 2));
}
