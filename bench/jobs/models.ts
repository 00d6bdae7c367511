import type { OperandTypes } from "../../experiments/result/bench_record.ts";
import {
  type AgileQActivations,
  agileQScheme,
  configure,
  type Method,
  prepareModel,
  rtnPass,
  type RtnSettings,
  sitePasses,
} from "../../lib/methods/mod.ts";
import {
  type DescribedModel,
  type ForwardOptions,
  type Model,
  type OpenModel,
  openModel,
} from "../../lib/model/mod.ts";
import type { Scope } from "../harness/serve.ts";

/** Weights are rounded to nearest, which GPTQ's codes are as fast as; activations as in AgileQ. */
const nearest: Method<{ weights: RtnSettings; activations: AgileQActivations }> = {
  passes: ({ weights, activations }, architecture) => [
    rtnPass(weights),
    ...sitePasses(agileQScheme(activations, architecture)),
  ],
};

function methodFor(execution: Exclude<OperandTypes, "FP32">) {
  const [bits, groupSize] = execution === "W8A8" ? [8, "row" as const] : [4, 128];
  return configure(execution, nearest, {
    weights: { bits, groupSize, symmetric: false, range: "minmax" },
    activations: { bits: execution === "W4A4" ? 4 : 8, profile: "paper" },
  });
}

/** A model whose blocks are open, and the options that it runs with. Whoever opened it disposes of it. */
export interface ReadyModel {
  model: OpenModel;
  forward: ForwardOptions;
}

/** Opens a model of floats in the form in which it computes. */
export async function execute(model: Model, execution: OperandTypes): Promise<ReadyModel> {
  if (execution === "FP32") return { model: await openModel(model), forward: {} };
  const window = randomIds(model, 64);
  const calibration = () => ({ weightWindows: [], activationWindows: [window] });
  const options = { execute: "integer" } as const;
  const executed = await prepareModel(model, methodFor(execution), calibration, options);
  return { model: await openModel(executed.model), forward: executed.forward };
}

/**
 * A model in the form in which it computes, opened once for all jobs of a scope and disposed of at its
 * end.
 *
 * @param name What jobs that share it call it.
 */
export function sharedModel(
  scope: Scope,
  name: string,
  execution: OperandTypes,
  load: () => Model | Promise<Model>,
): Promise<ReadyModel> {
  return scope.share(`${name}, ${execution}`, async () => {
    const ready = await execute(await load(), execution);
    scope.onEnd(() => ready.model[Symbol.dispose]());
    return ready;
  });
}

/** Token ids that look random and are the same in every run. */
export function randomIds({ architecture }: DescribedModel, count: number): Int32Array {
  const { vocabularySize } = architecture;
  return Int32Array.from({ length: count }, (_, i) => (i * 7919 + 13) % vocabularySize);
}
