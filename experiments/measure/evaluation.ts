import type { RunHooks } from "../../lib/eval/mod.ts";
import type { Storage } from "../../lib/format/mod.ts";
import {
  type MethodName,
  methods,
  type MethodSettings,
  prepareModel,
  type SettingsChanges,
} from "../../lib/methods/mod.ts";
import { watchStorage } from "../../lib/model/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";
import { keptScores, type Readings, takeReadings } from "./readings.ts";
import { calibrationOf, type OpenSubject, type SubjectFacts } from "./subject.ts";

/** Everything a measured cell depends on besides the code. */
export interface EvaluationConfig extends SubjectFacts {
  method: MethodName;
  /** All settings of the method, those that were changed among them. */
  methodSettings: MethodSettings;
  pruning: PruningPlan | null;
  /** Absent where linear maps multiply dequantized floats. */
  execute?: "integer";
}

/** The configuration of a method on a subject, with some of its settings changed. */
export function evaluationOf(
  facts: SubjectFacts,
  method: MethodName,
  pruning: PruningPlan | null = null,
  changes: SettingsChanges = {},
): EvaluationConfig {
  return { ...facts, method, methodSettings: methods[method].with(changes).settings, pruning };
}

/** What is measured of a cell. */
export interface Evaluation extends Readings {
  /** How the method leaves the linear maps of the blocks, scales and zero points included. */
  storage: Storage;
  /** Bits of what linear maps read, on average, where they do not follow from the settings. */
  activationBits?: number;
}

/** How {@linkcode evaluate} goes about it. */
export interface EvaluateHooks extends RunHooks {
  /** Whether the model in full precision runs as well, to compare with; it does unless told. */
  compare?: boolean;
}

/**
 * Measures one cell of a table: perplexity, KL divergence and agreement against the model in full
 * precision.
 *
 * @throws {InputError} If the method or the pruning does not fit the model.
 */
export async function evaluate(
  subject: OpenSubject,
  config: EvaluationConfig,
  { compare = true, ...hooks }: EvaluateHooks,
): Promise<Evaluation> {
  const { model, testWindows, versions, referenceStreams } = subject;
  const { method, methodSettings, pruning: plan, execute, ...facts } = config;
  const pruning = plan ? pruningFor(model, plan) : undefined;
  const quantized = await prepareModel(
    model,
    methods[method].with(methodSettings),
    () => calibrationOf(subject, facts),
    { ...hooks, execute, pruning, versions },
  );
  const watched = watchStorage(quantized.model);
  const kept = await keptScores(subject, quantized, { evaluation: config, compare });
  const readings = await takeReadings(watched.model, testWindows, quantized.forward, {
    ...{ ...hooks, kept },
    ...compare && { reference: model, referenceStreams },
  });
  const activationBits = quantized.activationBits?.();
  return { ...readings, storage: watched.storage(), ...activationBits && { activationBits } };
}

/** The cells of tables. */
export const evaluationCells: CellKind<EvaluationConfig, Evaluation> = {
  experiment: "evaluate",
  measure: evaluate,
};
