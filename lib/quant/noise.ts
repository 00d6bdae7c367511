import { counted, require } from "../core/mod.ts";

/** Sums of squares; those of several tensors may be added. */
export interface NoisePower {
  signal: number;
  noise: number;
}

/**
 * What quantization adds to a tensor.
 *
 * @param quantized What became of `x`, of its length.
 * @throws {InputError} If the lengths differ.
 */
export function noisePower(x: Float32Array, quantized: Float32Array): NoisePower {
  const rule = `the quantized tensor must have ${counted(x.length, "element")}`;
  require(quantized.length === x.length, "measure noise", rule, quantized.length);
  let [signal, noise] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    signal += x[i] * x[i];
    noise += (quantized[i] - x[i]) ** 2;
  }
  return { signal, noise };
}

/** The signal-to-noise ratio in dB: `10 log10(signal / noise)`, infinite without noise. */
export function decibels({ signal, noise }: NoisePower): number {
  return 10 * Math.log10(signal / noise);
}
