import { randomValues } from "../../experiments/measure/random_model.ts";
import { floatMatrix, triangleOf } from "../../lib/format/mod.ts";
import { GptqFactor, plainAlgebra } from "../../lib/quant/mod.ts";
import { tf, tidy, wideAlgebra } from "../../lib/tensor/mod.ts";
import { clock, type Turn } from "../harness/turn.ts";

/** GPTQ of one weight matrix `[outputs, columns]`, its Hessian given. */
export interface GptqJob {
  outputs: number;
  columns: number;
  bits: number;
  groupSize: number;
}

/** Gets a weight and a Hessian of full rank ready. */
export function prepareGptq({ outputs, columns, bits, groupSize }: GptqJob): Turn {
  const weight = floatMatrix("F32", randomValues(outputs * columns), outputs, columns);
  const hessian = triangleOf(randomHessian(columns));
  const options = {
    ...{ bits, groupSize, actOrder: false, symmetric: false },
  };
  return () => ({
    time: clock(() => {
      using factor = new GptqFactor(
        hessian,
        options,
        "weight",
        () => {},
        wideAlgebra() ?? plainAlgebra,
      );
      factor.quantize(weight);
    }),
  });
}

/** `2 / n` times the sum of `x x^T` over n = 2 * columns vectors of random numbers. */
function randomHessian(columns: number): Float32Array {
  const tokens = 2 * columns;
  return tidy(() => {
    const x = tf.tensor2d(randomValues(tokens * columns), [tokens, columns]);
    return tf.mul(tf.matMul(x, x, true), 2 / tokens).dataSync() as Float32Array;
  });
}
