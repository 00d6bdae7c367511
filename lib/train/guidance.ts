import { type Architecture, atSites, type SiteHook } from "../model/mod.ts";
import { tf, tidy } from "../tensor/mod.ts";

/** How much the two terms of EdgeQAT count beside the cross-entropy. */
export interface GuidanceWeights {
  entropy: number;
  distribution: number;
}

/** The weights in the authors' code. */
export const edgeQatWeights: GuidanceWeights = { entropy: 0.5, distribution: 1 };

/** Queries and keys of a layer, as their products read them: `[windows * tokens, channels]`. */
export interface Operands {
  query: tf.Tensor2D;
  key: tf.Tensor2D;
}

/** Keeps the queries and keys of every layer that a pass meets, until it is disposed of. */
export class OperandWatch implements Disposable {
  readonly #queries: tf.Tensor2D[] = [];
  readonly #keys: tf.Tensor2D[] = [];

  /** What keeps them. */
  readonly hook: SiteHook = atSites(["attn.q", "attn.k"], (value, { site }) => {
    (site === "attn.q" ? this.#queries : this.#keys).push(tf.keep(value as tf.Tensor2D));
    return value;
  });

  /** Those of each layer. */
  get operands(): Operands[] {
    return this.#queries.map((query, layer) => ({ query, key: this.#keys[layer] }));
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#queries, ...this.#keys]);
  }
}

type Heads = Pick<Architecture, "heads" | "keyValueHeads" | "headDim">;

/**
 * The loss that guides quantization-aware training in EdgeQAT (Shen et al. 2024): queries and keys are to carry
 * much information, and attention is to be like that of the model in full precision,
 *
 * `-entropy log(mean of log(1 + variance)) - distribution log(mean cosine similarity)`.
 *
 * @param student As quantized, with a gradient.
 * @param teacher Of the same tokens in full precision.
 * @param windows How many windows they hold, one after the other.
 */
export function guidanceLoss(
  student: readonly Operands[],
  teacher: readonly Operands[],
  architecture: Heads,
  windows: number,
  { entropy, distribution }: GuidanceWeights,
): tf.Scalar {
  return tidy(() => {
    const information = meanOf(student.map((each) => operandEntropy(each, architecture)));
    const likeness = meanOf(
      student.map((each, layer) => mapLikeness(each, teacher[layer], architecture, windows)),
    );
    const terms = tf.add(
      tf.mul(tf.log(information), entropy),
      tf.mul(tf.log(likeness), distribution),
    );
    return tf.neg(terms) as tf.Scalar;
  });
}

/**
 * What queries and keys of normal distribution can tell, up to constants: the mean over tokens and heads of
 * `log(1 + variance)`, the variance that of a head's channels (unbiased); the 1 is the authors', against log(0).
 */
export function operandEntropy({ query, key }: Operands, { headDim }: Heads): tf.Scalar {
  return tidy(() => {
    const each = [query, key].map((value) => {
      const rows = tf.reshape(value, [-1, headDim]);
      const centred = tf.sub(rows, tf.mean(rows, -1, true));
      const variance = tf.div(tf.sum(tf.square(centred), -1), headDim - 1);
      return tf.log(tf.add(variance, 1));
    });
    return tf.mean(tf.concat(each)) as tf.Scalar;
  });
}

/**
 * How alike two models' attention scores are: the cosine of the angle between their products of queries and keys, all
 * of a head and window as one vector, before the mask, mean over heads and windows.
 *
 * The maps never exist: `<Q Kᵀ, Q' K'ᵀ> = <Qᵀ Q', Kᵀ K'>`, products of `headDim` by `headDim`.
 */
export function mapLikeness(
  student: Operands,
  teacher: Operands,
  { heads, keyValueHeads, headDim }: Heads,
  windows: number,
): tf.Scalar {
  return tidy(() => {
    const split = (value: tf.Tensor2D, count: number) => {
      const whole = tf.reshape(value, [windows, value.shape[0] / windows, count, headDim]);
      return tf.reshape(tf.transpose(whole, [0, 2, 1, 3]), [windows * count, -1, headDim]);
    };
    const [ownQuery, itsQuery] = [student, teacher].map(({ query }) => split(query, heads));
    const [ownKey, itsKey] = [student, teacher].map(({ key }) => split(key, keyValueHeads));
    /** `[windows * keyValueHeads, heads / keyValueHeads]` */
    const inner = (q: tf.Tensor, q2: tf.Tensor, k: tf.Tensor, k2: tf.Tensor) => {
      const shape = [windows * keyValueHeads, -1, headDim * headDim];
      const ofQueries = tf.reshape(tf.matMul(q, q2, true), shape);
      const ofKeys = tf.reshape(tf.matMul(k, k2, true), shape);
      return tf.sum(tf.mul(ofQueries, ofKeys), -1);
    };
    const product = inner(ownQuery, itsQuery, ownKey, itsKey);
    const norms = tf.mul(
      inner(ownQuery, ownQuery, ownKey, ownKey),
      inner(itsQuery, itsQuery, itsKey, itsKey),
    );
    return tf.mean(tf.div(product, tf.sqrt(norms))) as tf.Scalar;
  });
}

function meanOf(values: readonly tf.Scalar[]): tf.Tensor {
  return tf.mean(tf.stack([...values]));
}
