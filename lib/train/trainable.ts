import { denseMap } from "../linear/mod.ts";
import {
  type Block,
  linearGroups,
  type LinearName,
  makeNorm,
  type Model,
  moduleShapes,
  type Norm,
  type OpenModel,
  type SiteHook,
  type Table,
} from "../model/mod.ts";
import { embed, tensorData, tf, tidy } from "../tensor/mod.ts";
import { parametersOf, withParameters } from "./parameters.ts";
import { roundedMap, roundingHook, type TrainedBits } from "./straight_through.ts";

/** An open model whose parameters are variables. Its owner frees it. */
export interface Trainable extends OpenModel {
  /** In the order of `parametersOf`. */
  readonly variables: tf.Variable[];
  /** What rounds its activations, where it is trained to be quantized. */
  readonly hook?: SiteHook;
  /** The model as it stands. */
  snapshot(): Promise<Model>;
}

/**
 * Opens a model for training.
 *
 * @param bits What the linear maps of its blocks and what they read are rounded to in every pass; nothing unless given.
 */
export async function openTrainable(model: Model, bits?: TrainedBits): Promise<Trainable> {
  const { name, architecture } = model;
  const parameters = await parametersOf(model);
  using made = new DisposableStack();
  const variables = parameters.map(({ shape, values }) =>
    made.adopt(tidy(() => tf.variable(tf.tensor(values, shape))), (each) => each.dispose())
  );
  const modules = modulesOf(architecture, variables);
  const blocks = Array.from(
    { length: architecture.layers },
    (_, layer) => blockOfVariables(layer, (module) => modules.get(`${layer} ${module}`), bits),
  );
  const outer = (module: string) => modules.get(`null ${module}`);
  const map = (module: string) => outer(module) && mapOf(outer(module)!);
  const norm = (module: string) => outer(module) && normOf(outer(module)!);
  const owned = made.move();
  return {
    name,
    architecture,
    blocks,
    outer: {
      embedding: tableOf(outer("embedding")!),
      positionEmbedding: outer("positionEmbedding") && tableOf(outer("positionEmbedding")!),
      embeddingNorm: norm("embeddingNorm"),
      projectIn: map("projectIn"),
      projectOut: map("projectOut"),
      finalNorm: norm("finalNorm"),
      head: map("head") ?? map("embedding")!,
      [Symbol.dispose]() {},
    },
    variables,
    hook: bits && roundingHook(bits.activations),
    snapshot: () => withParameters(model, variables.map((each) => tensorData(each).slice())),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The variables of a module. */
interface Module {
  weight: tf.Variable;
  bias?: tf.Variable;
}

/** The modules by layer and name. */
function modulesOf(
  architecture: Model["architecture"],
  variables: readonly tf.Variable[],
): Map<string, Module> {
  const rest = variables.values();
  return new Map(
    moduleShapes(architecture).map(({ layer, name, bias }) => {
      const weight = rest.next().value!;
      return [`${layer} ${name}`, bias ? { weight, bias: rest.next().value! } : { weight }];
    }),
  );
}

function blockOfVariables(
  layer: number,
  moduleOf: (name: string) => Module | undefined,
  bits?: TrainedBits,
): Block {
  const names: LinearName[] = linearGroups.flatMap((group) => group.names);
  const maps = names.flatMap((name) => {
    const module = moduleOf(name);
    if (!module) return [];
    return [[name, bits ? roundedMapOf(module, bits, `${name} of layer ${layer}`) : mapOf(module)]];
  });
  return {
    layer,
    inputNorm: normOf(moduleOf("inputNorm")),
    mlpNorm: normOf(moduleOf("mlpNorm")),
    maps: Object.fromEntries(maps),
    [Symbol.dispose]() {},
  };
}

function mapOf({ weight, bias }: Module) {
  return denseMap(weight as tf.Tensor as tf.Tensor2D, bias as tf.Tensor as tf.Tensor1D | undefined);
}

function roundedMapOf({ weight, bias }: Module, bits: TrainedBits, name: string) {
  return roundedMap(
    weight as tf.Tensor as tf.Tensor2D,
    bias as tf.Tensor as tf.Tensor1D | undefined,
    bits.weights,
    name,
  );
}

function normOf(module: Module | undefined): Norm | undefined {
  const { weight, bias } = module ?? {};
  return weight && makeNorm(
    weight as tf.Tensor as tf.Tensor1D,
    bias as tf.Tensor as tf.Tensor1D | undefined,
  );
}

function tableOf({ weight }: Module): Table {
  return { rows: (ids) => embed(weight as tf.Tensor as tf.Tensor2D, ids) };
}
