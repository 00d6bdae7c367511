import { decodeMatrix } from "../format/mod.ts";
import { kept, layerNorm, rmsNorm, tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { StoredModule } from "./weights.ts";

/** A norm that is ready to compute. Its owner frees it. */
export interface Norm extends Disposable {
  /** `[channels]` */
  readonly gain: tf.Tensor1D;
  /** `[channels]`; of a layer norm only. */
  readonly bias?: tf.Tensor1D;
}

/** A norm of tensors, which are the norm's from here on. */
export function makeNorm(gain: tf.Tensor1D, bias?: tf.Tensor1D): Norm {
  return {
    ...{ gain, bias },
    [Symbol.dispose]() {
      gain.dispose();
      bias?.dispose();
    },
  };
}

/** Opens a norm as it is stored. */
export function openNorm({ weight, bias }: StoredModule): Norm {
  const { gain, shift } = kept(() => ({
    gain: tf.tensor1d(decodeMatrix(weight)),
    shift: bias && tf.tensor1d(bias),
  }));
  return makeNorm(gain, shift);
}

/**
 * Applies a norm of this architecture to each row of `[rows, channels]`. Run it in `tidy`.
 *
 * @param parameters Those of the norm; undefined where norms have none.
 */
export function normalize(
  { norm, normEpsilon }: Architecture,
  parameters: Norm | undefined,
  value: tf.Tensor2D,
): tf.Tensor2D {
  const [, channels] = value.shape;
  const gain = parameters?.gain ?? tf.ones<tf.Rank.R1>([channels]);
  if (norm === "rms") return rmsNorm(value, gain, normEpsilon);
  return layerNorm(value, gain, parameters?.bias ?? tf.zeros([channels]), normEpsilon);
}
