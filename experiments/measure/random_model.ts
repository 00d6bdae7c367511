import { seededRandom } from "../../lib/core/mod.ts";
import { encodeFloats, type FloatDtype, floatMatrix } from "../../lib/format/mod.ts";
import {
  type Architecture,
  matrixShape,
  type Model,
  type ModuleShape,
  moduleShapes,
  type StoredModule,
} from "../../lib/model/mod.ts";

/** A model of random numbers, which are drawn whenever a block is asked for. */
export function randomModel(
  name: string,
  architecture: Architecture,
  dtype: FloatDtype = "F32",
): Model {
  const modules = (layer: number | null) =>
    Object.fromEntries(
      moduleShapes(architecture)
        .filter((shape) => shape.layer === layer)
        .map((
          shape,
          index,
        ) => [shape.name, randomModule(shape, dtype, 16 * (layer ?? -1) + index)]),
    );
  const layer = (index: number) => Promise.resolve(modules(index));
  return { name, architecture, source: { outer: modules(null), layer } };
}

function randomModule(
  { weight, bias }: ModuleShape,
  dtype: FloatDtype,
  seed: number,
): StoredModule {
  const [rows, columns] = matrixShape(weight);
  const values = weight.length === 1
    ? new Float32Array(columns).fill(1)
    : randomValues(rows * columns, rows * columns + seed, 0.05);
  const module = { weight: floatMatrix(dtype, encodeFloats(values, dtype), rows, columns) };
  return bias ? { ...module, bias: new Float32Array(weight[0]) } : module;
}

/**
 * Numbers in -0.5..0.5 times `factor`: the same period over and over, from where `seed` says, since no
 * product's time depends on values.
 */
export function randomValues(length: number, seed = length, factor = 1): Float32Array {
  const numbers = period().map((value) => factor * value);
  const values = new Float32Array(length);
  const first = (seed * seedStride) % numbers.length;
  values.set(numbers.subarray(first, first + length));
  for (let at = numbers.length - first; at < length; at += numbers.length) {
    values.set(numbers.subarray(0, length - at), at);
  }
  return values;
}

/** Numbers of the period between the starts of two seeds that follow each other. */
const seedStride = 40503;

let drawn: Float32Array | undefined;

/** What is drawn but once: drawing takes longer than all else that is done to random weights. */
function period(): Float32Array {
  if (!drawn) {
    const random = seededRandom(0);
    drawn = Float32Array.from({ length: 65521 }, () => random.uniform() - 0.5);
  }
  return drawn;
}
