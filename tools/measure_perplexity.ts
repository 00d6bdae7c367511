import { type CalibrationPlan, drawCalibration } from "../experiments/measure/calibration.ts";
import { pruningFor, type PruningPlan } from "../experiments/measure/pruning_plan.ts";
import { takeReadings } from "../experiments/measure/readings.ts";
import { protocol, windowFor } from "../experiments/measure/subject.ts";
import { textWarnings } from "../experiments/measure/text_warnings.ts";
import {
  textFacts,
  tokenReader,
  type TokenSource,
  type TokenText,
} from "../experiments/measure/token_source.ts";
import { require } from "../lib/core/mod.ts";
import { cutWindows } from "../lib/eval/mod.ts";
import { hashFile, openCheckpoint } from "../lib/io/mod.ts";
import {
  executeMethod,
  type Execution,
  methodOf,
  needsCalibration,
  quantizeWeights,
  requireExecution,
} from "../lib/methods/mod.ts";
import { disposeModel, loadModel, readArchitecture } from "../lib/model/mod.ts";
import type { Profile } from "../lib/format/mod.ts";
import { tf, useBackend } from "../lib/tensor/mod.ts";
import { printWarnings, type Session } from "./command_line.ts";
import type { PerplexityReport, TextRead } from "./perplexity_report.ts";
import { provenance } from "./provenance.ts";
import { calibrationSource, type TextOptions, textSource } from "./text_options.ts";
import { timedProgress } from "./timed_progress.ts";
import { changeWeights, type WeightOptions } from "./weight_options.ts";

/** What the command line of `deno task perplexity` says. */
export interface PerplexityOptions extends TextOptions, WeightOptions {
  model: string;
  method: string;
  profile: Profile;
  execute: Execution;
  /** Both or none. */
  prune?: number;
  pruneLayers?: number[];
  positions: PruningPlan["positions"];
  calibrationWindows: number;
  seed: number;
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
  const { model: folder, profile, execute, startToken } = options;
  const method = changeWeights(methodOf(options.method), options.method, options);
  const plan = pruningPlan(options);
  const source = textSource(options);
  const calibratedOn = calibrationSource(options) ?? { kind: "split", split: "calibration" };
  const calibrates = options.calibration === undefined || needsCalibration(method);
  const rule = "--calibration must come with a method that calibrates";
  require(calibrates, "read the command line", rule, options.method);
  const backend = await useBackend("agile");
  const described = await readArchitecture(folder);
  requireExecution(method, profile, described.architecture, { execute });
  const window = windowFor(described, options.window);
  const pruning = plan && pruningFor(described, plan);
  const readTokens = tokenReader(described, folder, startToken);
  const test = await readTokens(source);
  const windows = cutWindows(test.ids, { ...test, window });
  const calibration = needsCalibration(method) ? await readTokens(calibratedOn) : undefined;
  const draw: CalibrationPlan = {
    ...{ window, weightWindows: options.calibrationWindows, seed: options.seed },
    activationWindows: protocol.activationWindows,
  };
  const drawn = calibration && drawCalibration(calibration, draw);
  const used = calibration && { text: calibration, ...draw };
  const ofTexts = textWarnings(test, windows.length, used);
  printWarnings(ofTexts);

  const { weights, code } = await identify(folder, session.signal);
  const full = await loadModel(folder, session.signal);
  printWarnings(full.warnings);
  const quantized = await quantizeWeights(
    full,
    method,
    () => drawn!,
    session.progress,
    session.signal,
  );
  const { model, forward } = executeMethod(quantized, method, profile, () => drawn!, {
    ...{ execute, pruning, release: true, signal: session.signal },
  });
  const reference = options.compare ? full : undefined;
  if (!reference) disposeModel(full, model);
  const started = performance.now();
  const progress = timedProgress(session.progress);
  const hooks = { progress, signal: session.signal };
  const result = await takeReadings(model, windows, forward, hooks, reference);
  const seconds = (performance.now() - started) / 1000;
  const passes = (pruning ? 2 : 1) * (reference ? 2 : 1);
  return {
    model: folder,
    weights,
    method: options.method,
    quantizer: method.weights,
    profile: method.activations && profile,
    execute,
    pruning: plan && { ...plan, layers: [...pruning!.ratios.keys()] },
    text: textRead(test, source),
    calibration: calibration && { ...textRead(calibration, calibratedOn), ...draw },
    window,
    windows: windows.length,
    result,
    seconds,
    tokensPerSecond: passes * window / progress.secondsPerStep(),
    backend,
    code,
    warnings: [...ofTexts, ...full.warnings ?? []],
  };
}

/** What is measured, and by which code: all that could still be refused once it is. */
async function identify(
  folder: string,
  signal: AbortSignal,
): Promise<Pick<PerplexityReport, "weights" | "code">> {
  using checkpoint = await openCheckpoint(folder);
  const weights = await checkpoint.sha256(signal);
  const lock = await hashFile("deno.lock");
  return { weights, code: { ...await provenance(), tfjs: tf.version.tfjs, lock } };
}

function textRead(text: TokenText, source: TokenSource): TextRead {
  const from = source.kind === "split" ? text.label : source.path;
  return { source: from, ...textFacts(text), tokens: text.ids.length };
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
