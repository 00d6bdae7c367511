/** Settings of AdamW (Loshchilov and Hutter 2019). */
export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Share of a weight that decays per step, times the learning rate. */
  weightDecay: number;
}

/** What changes from step to step. */
export interface AdamWStep {
  /** Number of this step, from 1. */
  step: number;
  learningRate: number;
  /** Factor on the gradient (clipping). */
  gradientScale: number;
}

/** Running means of one parameter's gradient and squared gradient. */
export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

/** Moments before the first step. */
export function zeroMoments(size: number): Moments {
  return { first: new Float32Array(size), second: new Float32Array(size) };
}

/**
 * One AdamW step of one parameter (alg. 2, decoupled weight decay), computed in float64.
 *
 * @returns The new values and moments; the given ones stay as they are.
 */
export function adamW(
  values: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  settings: AdamWSettings & AdamWStep,
): { values: Float32Array; moments: Moments } {
  const { beta1, beta2, epsilon, weightDecay, step, learningRate, gradientScale } = settings;
  const correction1 = 1 - beta1 ** step;
  const correction2 = 1 - beta2 ** step;
  const next = new Float32Array(values.length);
  const first = new Float32Array(values.length);
  const second = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const slope = gradient[i] * gradientScale;
    const mean = beta1 * moments.first[i] + (1 - beta1) * slope;
    const square = beta2 * moments.second[i] + (1 - beta2) * slope * slope;
    const direction = mean / correction1 / (Math.sqrt(square / correction2) + epsilon);
    next[i] = values[i] - learningRate * (direction + weightDecay * values[i]);
    first[i] = mean;
    second[i] = square;
  }
  return { values: next, moments: { first, second } };
}

/**
 * The factor that brings a gradient to a norm of at most `limit`.
 *
 * @returns The norm of all gradients together, and the factor (at most 1).
 */
export function clipByNorm(gradients: Float32Array[], limit: number): {
  norm: number;
  scale: number;
} {
  let squares = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) squares += gradient[i] * gradient[i];
  }
  const norm = Math.sqrt(squares);
  return { norm, scale: norm > limit ? limit / norm : 1 };
}
