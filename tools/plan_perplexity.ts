import { drawCalibration } from "../experiments/measure/calibration.ts";
import { pruningFor, type PruningPlan } from "../experiments/measure/pruning_plan.ts";
import {
  type ModelRef,
  readSubject,
  type UnloadedSubject,
} from "../experiments/measure/subject.ts";
import type { TokenSource } from "../experiments/measure/token_source.ts";
import { require } from "../lib/core/mod.ts";
import type { Profile } from "../lib/format/mod.ts";
import {
  type ConfiguredMethod,
  type Execution,
  methodOf,
  needsCalibration,
  rehearse,
  requireExecution,
} from "../lib/methods/mod.ts";
import { type Pruning, readArchitecture } from "../lib/model/mod.ts";
import { type BackendInfo, useBackend } from "../lib/tensor/mod.ts";
import { type AllocateOptions, isToShare, readAllocation } from "./allocate_option.ts";
import { printWarnings, type Session } from "./command_line.ts";
import { findModel, type ModelArgument, modelText } from "./model_argument.ts";
import { changeSettings, type SettingsOption } from "./settings_option.ts";
import {
  calibrationSource,
  type DrawOptions,
  type TextOptions,
  textSource,
} from "./text_options.ts";
import {
  changeProfile,
  changeWeights,
  secondQuantization,
  shortGroups,
  type WeightOptions,
} from "./weight_options.ts";

/** What the command line of `deno task perplexity` says. */
export interface PerplexityOptions
  extends TextOptions, DrawOptions, WeightOptions, SettingsOption, AllocateOptions {
  model: ModelArgument;
  method: string;
  profile?: Profile;
  execute: Execution;
  /** Both or none. */
  prune?: number;
  pruneLayers?: number[];
  /** With those; survivors are renumbered without. */
  positions?: PruningPlan["positions"];
  /** Score at most so many windows; all of them without. */
  windows?: number;
  compare?: boolean;
}

/** A measurement that nothing speaks against; weights are known to be there, and not loaded yet. */
export interface PerplexityPlan {
  method: ConfiguredMethod;
  /** As the command line has it, and with its layers counted from 0. */
  plan?: PruningPlan;
  pruning?: Pruning;
  /** What is tested and calibrated on. */
  source: TokenSource;
  calibratedOn: TokenSource | null;
  backend: BackendInfo;
  read: UnloadedSubject;
}

/**
 * Looks at everything that the options say, and at the files, before the weights are loaded.
 *
 * @throws {InputError} If the options, the files or the model do not allow it.
 */
export async function planPerplexity(
  options: PerplexityOptions,
  session: Session,
): Promise<PerplexityPlan> {
  const { execute, startToken, window, windows } = options;
  const { method: name } = options;
  const changed = changeWeights(methodOf(name), name, options);
  const set = changeSettings(changeProfile(changed, name, options.profile), name, options);
  const plan = pruningPlan(options);
  const source = await textSource(options, session);
  const backend = await useBackend("agile");
  const folder = await findModel(options.model, session);
  const described = await readArchitecture(folder);
  const { architecture, storedCodes } = described;
  const method = await readAllocation(set, name, options, architecture);
  const pruned = plan !== undefined;
  requireExecution(method, architecture, { execute, storedCodes, pruned });
  const passes = method.passes(architecture);
  rehearse(passes, architecture);
  const calibrates = needsCalibration(passes) || isToShare(options);
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
  const subject = await readSubject(ref, { ...backend, signal });
  const { storage } = subject;
  const again = secondQuantization(method, options.method, modelText(options.model), storage);
  const short = shortGroups(method, options.method, architecture);
  const read = { ...subject, warnings: [...subject.warnings, ...again, ...short] };
  if (read.calibration) drawCalibration(read.calibration, read.facts); // refused before any work
  printWarnings(read.warnings);
  return { method, plan, pruning, source, calibratedOn, backend, read };
}

async function calibrationText(options: TextOptions, session: Session): Promise<TokenSource> {
  return await calibrationSource(options, session) ?? { kind: "split", split: "calibration" };
}

/** The pruning the command line asks for, if any. */
function pruningPlan(
  { prune, pruneLayers, positions }: PerplexityOptions,
): PruningPlan | undefined {
  const action = "read the command line";
  const together = (prune === undefined) === (pruneLayers === undefined);
  require(together, action, "--prune and --prune-layers go together");
  if (prune === undefined) {
    require(positions === undefined, action, "--positions must come with --prune");
    return undefined;
  }
  require(prune < 1, action, "--prune must be below 1", prune);
  return { beta: prune, layers: pruneLayers!, positions: positions ?? "renumber" };
}
