import { evaluate, type EvaluationConfig } from "../experiments/measure/evaluation.ts";
import { loadSubject } from "../experiments/measure/subject.ts";
import {
  textFacts,
  type TokenSource,
  type TokenText,
} from "../experiments/measure/token_source.ts";
import { namesOn } from "../experiments/result/baseline.ts";
import { hashFile } from "../lib/io/mod.ts";
import { type ConfiguredMethod, type MethodName, needsCalibration } from "../lib/methods/mod.ts";
import { tf } from "../lib/tensor/mod.ts";
import { type SharedOut, shareOut } from "./allocate_option.ts";
import { keptMeasurements, type Session } from "./command_line.ts";
import { keptFolders } from "./kept_folders.ts";
import { modelText } from "./model_argument.ts";
import type { PerplexityReport, TextRead } from "./perplexity_report.ts";
import { type PerplexityOptions, planPerplexity } from "./plan_perplexity.ts";
import { provenance } from "./provenance.ts";
import { timedProgress } from "./timed_progress.ts";

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
  const { execute } = options;
  const { signal } = session;
  const planned = await planPerplexity(options, session);
  const { plan, pruning, source, calibratedOn, backend, read } = planned;
  const code = { ...await provenance(), tfjs: tf.version.tfjs, lock: await hashFile("deno.lock") };

  session.kept = keptMeasurements("Blocks and windows that are done are");
  const subject = await loadSubject(read, signal, await keptFolders());
  const { facts, calibration } = subject;
  const { method: name } = options;
  const shared = await shareOut(subject, planned.method, name, options, session);
  const { method } = shared;
  const config: EvaluationConfig = {
    ...facts,
    method: options.method as MethodName,
    methodSettings: method.settings,
    pruning: plan ?? null,
    ...execute === "integer" && { execute },
  };
  const progress = timedProgress(session.progress);
  const { storage, activationBits, ...result } = await evaluate(subject, config, {
    ...{ progress, signal },
    compare: options.compare ?? false,
  });
  const passes = (pruning ? 2 : 1) + (options.compare ? 1 : 0);
  const { weightWindows, seed } = facts;
  const steps = method.passes(subject.model.architecture);
  const activationWindows = needsCalibration(steps, "activations") ? facts.activationWindows : 0;
  return {
    model: modelText(options.model),
    hub: facts.hub,
    weights: facts.weights,
    stored: subject.storage,
    quantized: method.settings.weights && storage,
    activationBits,
    method: options.method,
    title:
      namesOn(subject.storage, method.settings, { title: method.title, ...method.label }).title,
    settings: method.settings,
    ...allocationsOf(method, shared),
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

/** Who has which bits, and what came of budgets. */
function allocationsOf(
  { settings: { weights, activations } }: ConfiguredMethod,
  { allocated }: SharedOut,
): Pick<PerplexityReport, "allocation" | "activationAllocation" | "allocated"> {
  const found = Object.entries(allocated)
    .map(([part, { budget, divergence }]) => [part, { budget, divergence }]);
  return {
    ...weights?.allocation && { allocation: weights.allocation },
    ...activations?.allocation && { activationAllocation: activations.allocation },
    ...found.length > 0 && { allocated: Object.fromEntries(found) },
  };
}

function textRead(text: TokenText, source: TokenSource): TextRead {
  const from = "path" in source && source.kind !== "dataset" ? source.path : text.label;
  const tokens = text.ids.length;
  return { source: from, ...textFacts(text), tokens, publishedTokens: text.published?.tokens };
}
