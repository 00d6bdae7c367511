import { tf } from "../tf.ts";
import { tidy } from "../tidy.ts";
import {
  attentionExtents,
  attentionMaps,
  attentionMapsGradient,
  type AttentionOptions,
  forMaps,
  joinHeads,
  splitHeads,
  takeMaps,
} from "./attention_maps.ts";

/**
 * The gradients of attention for queries, keys and values. The maps are computed again, a few at a
 * time: keeping them would take more memory than all else.
 *
 * @param dy The gradient for the output, of the shape of q.
 */
export function attentionGradient(
  dy: tf.Tensor2D,
  q: tf.Tensor2D,
  k: tf.Tensor2D,
  v: tf.Tensor2D,
  options: AttentionOptions,
): tf.Tensor2D[] {
  const extents = attentionExtents(q, k, v, options);
  const { batch, heads, keyValueHeads, keys, headDim } = extents;
  const group = heads / keyValueHeads;
  /** Sums what heads of one group give to the keys or values that they share. */
  const gather = (value: tf.Tensor) =>
    tf.sum(tf.reshape(value, [value.shape[0] / group, group, keys, headDim]), 1) as tf.Tensor3D;
  return tidy(() => {
    const [queries, slopes] = [q, dy].map((each) => splitHeads(each, batch, heads));
    const [allKeys, allValues] = [k, v].map((each) => splitHeads(each, batch, keyValueHeads));
    const parts: tf.Tensor3D[][] = [];
    forMaps(extents, (first, count) => {
      const part = tidy(() => {
        const [own, slope] = [queries, slopes].map((each) => takeMaps(each, first, count, 1));
        const [key, value] = [allKeys, allValues].map((each) =>
          takeMaps(each, first, count, group)
        );
        const scores = tf.matMul(own, key, false, true) as tf.Tensor3D;
        const maps = attentionMaps(scores, first, options);
        const dMaps = tf.matMul(slope, value, false, true);
        const dScores = attentionMapsGradient(scores, maps, dMaps, first, options);
        return [
          tf.matMul(dScores, key) as tf.Tensor3D,
          gather(tf.matMul(dScores, own, true)),
          gather(tf.matMul(maps, slope, true)),
        ];
      });
      parts.push(part);
    }, { multiple: group });
    return [heads, keyValueHeads, keyValueHeads].map((count, operand) =>
      joinHeads(tf.concat(parts.map((part) => part[operand])), batch, count)
    );
  });
}
