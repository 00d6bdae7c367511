import type { RunHooks } from "../../lib/eval/mod.ts";
import {
  executeMethod,
  type MethodName,
  methods,
  requireExecution,
} from "../../lib/methods/mod.ts";
import { disposeModel } from "../../lib/model/mod.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";
import { type Readings, takeReadings } from "./readings.ts";
import { calibrationOf, type Subject, type SubjectFacts } from "./subject.ts";
import type { WeightCache } from "./weight_cache.ts";

/** Everything a measured cell depends on besides the code. */
export interface EvaluationConfig extends SubjectFacts {
  method: MethodName;
  pruning: PruningPlan | null;
  /** Absent where linear maps multiply dequantized floats. */
  execute?: "integer";
}

/**
 * Measures one cell: perplexity, KL divergence and agreement against the model in full precision.
 *
 * @param weights The cache of the subject's model.
 * @throws {InputError} If the method or the pruning does not fit the model.
 */
export async function evaluate(
  config: EvaluationConfig,
  subject: Subject,
  weights: WeightCache,
  hooks: RunHooks,
): Promise<Readings> {
  const { model, testWindows } = subject;
  const method = methods[config.method];
  const { execute = "emulate" } = config;
  requireExecution(method, config.profile, model.architecture, { execute });
  const calibration = () => calibrationOf(subject, config);
  const pruning = config.pruning ? pruningFor(model, config.pruning) : undefined;
  const quantized = await weights.get(method, calibration, hooks);
  const { model: executed, forward } = executeMethod(
    quantized,
    method,
    config.profile,
    calibration,
    { execute, pruning, signal: hooks.signal },
  );
  try {
    return await takeReadings(executed, testWindows, forward, hooks, model);
  } finally {
    disposeModel(executed, quantized);
  }
}
