import { readGolden } from "../golden/read_golden.ts";

/** What the reference decoder computes with: plain numbers in float64. */
export type Vector = number[];

/**
 * A model folder as the reference decoder reads it: config.json and the tensors of
 * model.safetensors in float64, by their names without the prefix of the family.
 */
export class ReferenceWeights {
  readonly config: Record<string, number | boolean | string | null | undefined>;
  readonly tensors = new Map<string, { shape: number[]; values: Float64Array }>();

  constructor(folder: string) {
    this.config = JSON.parse(Deno.readTextFileSync(`${folder}/config.json`));
    for (const [name, { shape, data }] of readGolden(`${folder}/model.safetensors`).tensors) {
      const values = Float64Array.from(data);
      this.tensors.set(name.replace(/^(model\.decoder|model|transformer)\./, ""), {
        shape,
        values,
      });
    }
  }

  /** A number of config.json, under the first of the names it has. */
  number(...names: string[]): number {
    return names.map((name) => this.config[name]).find((value) => value != null) as number;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  vector(name: string): Vector {
    return [...this.tensors.get(name)!.values];
  }

  row(name: string, index: number): Vector {
    const { shape: [, columns], values } = this.tensors.get(name)!;
    return [...values.subarray(index * columns, (index + 1) * columns)];
  }

  /** `W x`, and `+ b` where the module has a bias. */
  affine(module: string, x: Vector): Vector {
    const { shape: [rows, columns], values } = this.tensors.get(`${module}.weight`)!;
    const bias = this.tensors.get(`${module}.bias`)?.values;
    return Array.from({ length: rows }, (_, row) => {
      let sum = bias ? bias[row] : 0;
      for (let column = 0; column < columns; column++) {
        sum += values[row * columns + column] * x[column];
      }
      return sum;
    });
  }

  /** Layer normalization with the gain and bias of a module, where it has them. */
  layerNorm(module: string, x: Vector, epsilon: number): Vector {
    const mean = average(x);
    const deviation = Math.sqrt(average(x.map((each) => (each - mean) ** 2)) + epsilon);
    const normed = x.map((each) => (each - mean) / deviation);
    if (!this.has(`${module}.weight`)) return normed;
    const gain = this.vector(`${module}.weight`);
    const bias = this.vector(`${module}.bias`);
    return normed.map((each, i) => each * gain[i] + bias[i]);
  }

  /** Root-mean-square normalization with the gain of a module. */
  rmsNorm(module: string, x: Vector, epsilon: number): Vector {
    const gain = this.vector(`${module}.weight`);
    const size = Math.sqrt(average(x.map((each) => each ** 2)) + epsilon);
    return x.map((each, i) => each / size * gain[i]);
  }
}

export function plus(left: Vector, right: Vector): Vector {
  return left.map((each, i) => each + right[i]);
}

export function dot(left: Vector, right: Vector): number {
  return left.reduce((sum, each, i) => sum + each * right[i], 0);
}

export function softmax(x: Vector): Vector {
  const largest = Math.max(...x);
  const powers = x.map((each) => Math.exp(each - largest));
  const total = powers.reduce((sum, each) => sum + each, 0);
  return powers.map((each) => each / total);
}

/** Zuhri et al. 2025; -Infinity stands for a key that is not seen. */
export function softpick(x: Vector): Vector {
  const moved = x.map((each) => each > -Infinity ? Math.exp(each) - 1 : 0);
  const total = moved.reduce((sum, each) => sum + Math.abs(each), 1e-8);
  return moved.map((each) => Math.max(0, each) / total);
}

/** The error function by its series of positive terms (Abramowitz and Stegun 7.1.6). */
export function erf(x: number): number {
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

function average(x: Vector): number {
  return x.reduce((sum, each) => sum + each, 0) / x.length;
}
