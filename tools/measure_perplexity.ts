import { drawCalibration } from "../experiments/measure/calibration.ts";
import { evaluate, type EvaluationConfig } from "../experiments/measure/evaluation.ts";
import { pruningFor, type PruningPlan } from "../experiments/measure/pruning_plan.ts";
import { loadSubject, type ModelRef, readSubject } from "../experiments/measure/subject.ts";
import {
  textFacts,
  type TokenSource,
  type TokenText,
} from "../experiments/measure/token_source.ts";
import { require } from "../lib/core/mod.ts";
import type { Profile } from "../lib/format/mod.ts";
import { hashFile } from "../lib/io/mod.ts";
import {
  type Execution,
  type MethodName,
  methodOf,
  needsCalibration,
  requireExecution,
} from "../lib/methods/mod.ts";
import { readArchitecture } from "../lib/model/mod.ts";
import { tf, useBackend } from "../lib/tensor/mod.ts";
import { printWarnings, type Session } from "./command_line.ts";
import { findModel, type ModelArgument, modelText } from "./model_argument.ts";
import type { PerplexityReport, TextRead } from "./perplexity_report.ts";
import { provenance } from "./provenance.ts";
import {
  calibrationSource,
  type DrawOptions,
  type TextOptions,
  textSource,
} from "./text_options.ts";
import { timedProgress } from "./timed_progress.ts";
import { changeProfile, changeWeights, type WeightOptions } from "./weight_options.ts";

/** What the command line of `deno task perplexity` says. */
export interface PerplexityOptions extends TextOptions, DrawOptions, WeightOptions {
  model: ModelArgument;
  method: string;
  profile: Profile;
  execute: Execution;
  /** Both or none. */
  prune?: number;
  pruneLayers?: number[];
  positions: PruningPlan["positions"];
  /** Score at most so many windows; all of them without. */
  windows?: number;
  compare?: boolean;
}

/**
 * Measures one model with one method on one text, as a cell of the tables is measured. Everything
 * that the options say is looked at before the weights are loaded.
 *
 * @throws {InputError} If the options, the files or the model do not allow it.
 * @throws The signal's reason once it is aborted.
 */
export async function measurePerplexity(
  options: PerplexityOptions,
  session: Session,
): Promise<PerplexityReport> {
  const { execute, startToken, window, windows } = options;
  const changed = changeWeights(methodOf(options.method), options.method, options);
  const method = changeProfile(changed, options.profile);
  const plan = pruningPlan(options);
  const source = await textSource(options, session);
  const backend = await useBackend("agile");
  const folder = await findModel(options.model, session);
  const described = await readArchitecture(folder);
  const { storedCodes } = described;
  requireExecution(method, described.architecture, { execute, storedCodes });
  const calibrates = needsCalibration(method.passes(described.architecture));
  const rule = "--calibration must come with a method that calibrates";
  const isApt = options.calibration === undefined || calibrates;
  require(isApt, "read the command line", rule, options.method);
  const pruning = plan && pruningFor(described, plan);
  const calibratedOn = calibrates ? await calibrationText(options, session) : null;
  const ref: ModelRef = {
    ...{ folder, window, windows, startToken, test: source },
    calibration: calibratedOn,
    draw: { weightWindows: options.calibrationWindows, seed: options.seed },
  };
  const { signal } = session;
  const read = await readSubject(ref, { ...backend, signal });
  if (read.calibration) drawCalibration(read.calibration, read.facts); // refused before any work
  const code = { ...await provenance(), tfjs: tf.version.tfjs, lock: await hashFile("deno.lock") };
  printWarnings(read.warnings);

  const subject = await loadSubject(read, signal);
  const { facts, calibration } = subject;
  const config: EvaluationConfig = {
    ...facts,
    method: options.method as MethodName,
    methodSettings: method.settings,
    pruning: plan ?? null,
    ...execute === "integer" && { execute },
  };
  const progress = timedProgress(session.progress);
  const { storage, ...result } = await evaluate(subject, config, {
    ...{ progress, signal },
    compare: options.compare ?? false,
  });
  const passes = (pruning ? 2 : 1) + (options.compare ? 1 : 0);
  const { weightWindows, activationWindows, seed } = facts;
  return {
    model: modelText(options.model),
    hub: facts.hub,
    weights: facts.weights,
    stored: subject.storage,
    quantized: method.settings.weights && storage,
    method: options.method,
    title: method.title,
    settings: method.settings,
    execute,
    pruning: plan && { ...plan, layers: [...pruning!.ratios.keys()] },
    text: textRead(read.test, source),
    calibration: calibration
      ? {
        ...textRead(calibration, calibratedOn!),
        ...{ window: facts.window, weightWindows, activationWindows, seed },
      }
      : undefined,
    window: facts.window,
    windows: facts.windows,
    windowsInText: subject.windowsInText,
    result,
    seconds: progress.seconds(),
    tokensPerSecond: passes * facts.window / progress.secondsPerStep(),
    backend,
    code,
    warnings: read.warnings,
  };
}

async function calibrationText(options: TextOptions, session: Session): Promise<TokenSource> {
  return await calibrationSource(options, session) ?? { kind: "split", split: "calibration" };
}

function textRead(text: TokenText, source: TokenSource): TextRead {
  const from = "path" in source && source.kind !== "dataset" ? source.path : text.label;
  const tokens = text.ids.length;
  return { source: from, ...textFacts(text), tokens, publishedTokens: text.published?.tokens };
}

/** The pruning the command line asks for, if any. */
function pruningPlan(
  { prune, pruneLayers, positions }: PerplexityOptions,
): PruningPlan | undefined {
  const action = "read the command line";
  const together = (prune === undefined) === (pruneLayers === undefined);
  require(together, action, "--prune and --prune-layers go together");
  if (prune === undefined) return undefined;
  require(prune < 1, action, "--prune must be below 1", prune);
  return { beta: prune, layers: pruneLayers!, positions };
}
