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
 * Numbers in -0.5..0.5 times `factor`; long arrays repeat a period, since no product's time depends on
 * values.
 */
export function randomValues(length: number, seed = length, factor = 1): Float32Array {
  const random = seededRandom(seed);
  const period = Float32Array.from(
    { length: Math.min(length, 65521) },
    () => factor * (random.uniform() - 0.5),
  );
  const values = new Float32Array(length);
  for (let start = 0; start < length; start += period.length) {
    values.set(period.subarray(0, length - start), start);
  }
  return values;
}
