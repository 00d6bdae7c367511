import { seededRandom } from "../../lib/core/mod.ts";

/**
 * Normally distributed activations, of which one channel is an outlier.
 *
 * @param shape Channel 0 has the standard deviation `outlier`, all others 1.
 * @returns `[tokens, channels]`.
 */
export function sampleActivations(
  shape: { tokens: number; channels: number; outlier: number; seed: number },
): Float32Array {
  const { tokens, channels, outlier, seed } = shape;
  const random = seededRandom(seed);
  return Float32Array.from({ length: tokens * channels }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - random.uniform())); // Box and Muller 1958
    const value = radius * Math.cos(2 * Math.PI * random.uniform());
    return i % channels === 0 ? outlier * value : value;
  });
}

/**
 * Several such tensors, each from a seed of its own.
 *
 * @param count How many; their seeds follow that of the shape.
 */
export function manyActivations(
  shape: Parameters<typeof sampleActivations>[0],
  count: number,
): Float32Array[] {
  return Array.from(
    { length: count },
    (_, index) => sampleActivations({ ...shape, seed: shape.seed + index }),
  );
}
