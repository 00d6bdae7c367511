import { mean } from "../../lib/core/mod.ts";

/**
 * What quantization lost, `|x - y|^2 / |x|^2` of each channel, averaged over the channels: every
 * channel counts the same, however small its values.
 *
 * @param x `[tokens, channels]`.
 * @param y The same, quantized and dequantized.
 */
export function channelError(x: Float32Array, y: Float32Array, channels: number): number {
  const lost = new Float64Array(channels);
  const whole = new Float64Array(channels);
  x.forEach((value, i) => {
    lost[i % channels] += (value - y[i]) ** 2;
    whole[i % channels] += value ** 2;
  });
  // A channel that is zero throughout has nothing to lose.
  return mean(lost.map((error, channel) => error === 0 ? 0 : error / whole[channel]));
}
