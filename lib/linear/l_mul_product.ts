import { lMulOffset, powersOf, roundMantissas } from "../quant/mod.ts";
import { type MatrixProduct, tensorData, tf, tidy } from "../tensor/mod.ts";

/**
 * Products of matrices whose elements L-Mul multiplies, summed in float32: for the attention of Luo and Sun (2024),
 * whose scores and weighted values are made so. As in `lMulMap`, L-Mul of x and w is
 * `x P(w) + P(x) (w - (1 - 2^-l) P(w))`, two products in float32.
 *
 * @param mantissaBits What both matrices are rounded to, 1..22.
 * @throws {InputError} If there are no such bits.
 */
export function lMulProduct(mantissaBits: number): MatrixProduct {
  const lost = 1 - lMulOffset(mantissaBits);
  const partsOf = (matrix: tf.Tensor3D) => {
    const values = roundMantissas(tensorData(matrix), mantissaBits);
    const tensors = [values, powersOf(values)].map((each) => tf.tensor3d(each, matrix.shape));
    return { values: tensors[0], powers: tensors[1] };
  };
  return (first, second, transposed) =>
    tidy(() => {
      const [x, w] = [partsOf(first), partsOf(second)];
      const rests = tf.sub(w.values, tf.mul(w.powers, lost)) as tf.Tensor3D;
      return tf.add(
        tf.matMul(x.values, w.powers, false, transposed),
        tf.matMul(x.powers, rests, false, transposed),
      ) as tf.Tensor3D;
    });
}
