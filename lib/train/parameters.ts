import { decodeMatrix, floatMatrix } from "../format/mod.ts";
import {
  buildWeights,
  matrixShape,
  type Model,
  moduleAt,
  moduleShapes,
  parameterShape,
  readWeights,
  residentSource,
} from "../model/mod.ts";

/** The numbers of a weight or a bias. */
export interface Parameter {
  /** `[out, in]`, `[rows, channels]` or `[channels]`. */
  shape: number[];
  values: Float32Array;
}

/** All parameters of a model, outer ones first, each module's bias after its weight. */
export async function parametersOf({ architecture, source }: Model): Promise<Parameter[]> {
  const weights = await readWeights(source, architecture.layers);
  return moduleShapes(architecture).flatMap((shape) => {
    const { weight, bias } = moduleAt(weights, shape);
    const gain = { shape: parameterShape(shape, "weight"), values: decodeMatrix(weight) };
    return bias ? [gain, { shape: parameterShape(shape, "bias"), values: bias }] : [gain];
  });
}

/** The model with these parameters in the place of its own, in the order of {@linkcode parametersOf}. */
export async function withParameters(
  model: Pick<Model, "name" | "architecture">,
  values: Iterable<Float32Array>,
): Promise<Model> {
  const rest = values[Symbol.iterator]();
  const weights = await buildWeights(model.architecture, ({ weight, bias }) => {
    const module = { weight: floatMatrix("F32", rest.next().value!, ...matrixShape(weight)) };
    return bias ? { ...module, bias: rest.next().value! } : module;
  });
  return { name: model.name, architecture: model.architecture, source: residentSource(weights) };
}
