import { refuse, require } from "../../lib/core/mod.ts";
import { cutWindows } from "../../lib/eval/mod.ts";
import { exists, hashFiles, openCheckpoint } from "../../lib/io/mod.ts";
import type { Calibration } from "../../lib/methods/mod.ts";
import {
  loadModel,
  type Model,
  readArchitecture,
  type StartTokenPlace,
} from "../../lib/model/mod.ts";
import type { Profile } from "../../lib/format/mod.ts";
import type { BackendInfo } from "../../lib/tensor/mod.ts";
import { type CalibrationPlan, drawCalibration } from "./calibration.ts";
import { textWarnings } from "./text_warnings.ts";
import {
  type TextFacts,
  textFacts,
  tokenReader,
  type TokenSource,
  type TokenText,
} from "./token_source.ts";

/** How every model is measured. */
export const protocol = {
  profile: "paper",
  weightWindows: 32,
  activationWindows: 10,
  seed: 0,
} as const;

/** The longest window, unless the caller names one; shorter where the model allows less. */
const longestWindow = 2048;

/** The part of a cell's configuration that all cells of a model share. */
export interface SubjectFacts extends CalibrationPlan {
  /** sha256 of the weights. */
  weights: string;
  /** sha256 of config.json and, where there is one, tokenizer.json, joined. */
  settings: string;
  /** Null where there is nothing to calibrate on. */
  calibrationText: TextFacts | null;
  testText: TextFacts;
  profile: Profile;
  /** How many windows are scored, the first ones of the text. */
  windows: number;
  /** What multiplies matrices, and what the other kernels use; the last digits depend on them. */
  matrixProduct: string;
  instructions?: string;
}

/** A model in floating point with the tokens to calibrate and test it on. */
export interface Subject {
  /** Its name says the text as well, where that is not the built-in one. */
  model: Model;
  /** What captions call the model and the text it is tested on. */
  title: string;
  /** Null where the built-in text cannot be tokenized. */
  calibration: TokenText | null;
  /** Windows to score. */
  testWindows: Int32Array[];
  facts: SubjectFacts;
  /** Of loading the model, and about its texts. */
  warnings: string[];
}

/** How {@linkcode loadSubject} loads a model. */
export interface SubjectOptions extends Pick<BackendInfo, "matrixProduct" | "instructions"> {
  /** What to call the model; as its folder unless given. */
  name?: string;
  /** Tokens per window; the model's longest, at most 2048, unless given. */
  window?: number;
  /** Score at most this many windows; all unless given. */
  windows?: number;
  /** Where the start tokens of its texts stand; as {@linkcode tokenReader} says unless given. */
  startToken?: StartTokenPlace;
  /** What to test on; the encyclopedia's test split unless given. */
  test?: TokenSource;
  /** What to calibrate on; the encyclopedia's calibration split unless given. */
  calibration?: TokenSource;
  /** Stops loading by throwing its reason. */
  signal?: AbortSignal;
}

/** A subject before its weights are loaded. */
export interface UnloadedSubject extends Omit<Subject, "model"> {
  model: Pick<Model, "name" | "architecture">;
}

/**
 * Loads a model and the texts to test and calibrate it on. Free the model when done.
 *
 * @throws {InputError} As {@linkcode readSubject} and {@linkcode loadModel} do, in this order.
 */
export async function loadSubject(folder: string, options: SubjectOptions): Promise<Subject> {
  return await loadWeights(await readSubject(folder, options), folder, options.signal);
}

/**
 * Loads the weights of a subject. Free its model when done.
 *
 * @param folder The one that the subject was read from.
 * @throws {InputError} As {@linkcode loadModel} does.
 */
export async function loadWeights<Unloaded extends UnloadedSubject>(
  subject: Unloaded,
  folder: string,
  signal?: AbortSignal,
): Promise<Unloaded & Subject> {
  const loaded = await loadModel(folder, signal);
  const warnings = [...loaded.warnings ?? [], ...subject.warnings];
  return { ...subject, model: { ...loaded, name: subject.model.name }, warnings };
}

/**
 * Reads all of a subject but its weights, which are only hashed.
 *
 * @param folder A model in Hugging Face layout with tokenizer.json, which is needed wherever a text
 *   is to become tokens.
 * @throws {InputError} If the folder does not hold a model that can be run, or a text is too short or
 *   has tokens that the model does not know.
 */
export async function readSubject(
  folder: string,
  options: SubjectOptions,
): Promise<UnloadedSubject> {
  const described = await readArchitecture(folder);
  const { architecture } = described;
  const { name = described.name, matrixProduct, instructions } = options;
  const readTokens = tokenReader(described, folder, options.startToken);
  const test = await readTokens(options.test ?? { kind: "split", split: "test" });
  const hasTokenizer = await exists(`${folder}/tokenizer.json`);
  const calibrates = options.calibration || hasTokenizer || options.test?.kind !== "ids";
  const calibration = calibrates
    ? await readTokens(options.calibration ?? { kind: "split", split: "calibration" })
    : null;
  const window = windowFor(described, options.window);
  const testWindows = cutWindows(test.ids, { ...test, window })
    .slice(0, options.windows);
  const used = calibration ? { text: calibration, window, ...protocol } : undefined;
  const settingFiles = hasTokenizer ? ["config.json", "tokenizer.json"] : ["config.json"];
  using checkpoint = await openCheckpoint(folder);
  return {
    model: { name: options.test ? `${name} on ${test.label}` : name, architecture },
    title: `${name} on ${options.test ? test.label : "the synthetic encyclopedia"}`,
    calibration,
    testWindows,
    facts: {
      ...protocol,
      weights: await checkpoint.sha256(options.signal),
      settings: await hashFiles(settingFiles.map((file) => `${folder}/${file}`)),
      calibrationText: calibration && textFacts(calibration),
      testText: textFacts(test),
      window,
      windows: testWindows.length,
      matrixProduct,
      instructions,
    },
    warnings: textWarnings(test, testWindows.length, used),
  };
}

/**
 * The window that is asked for, or the longest the model allows, at most 2048.
 *
 * @throws {InputError} If the model does not allow it.
 */
export function windowFor(
  { name, architecture: { maxPositions } }: Pick<Model, "name" | "architecture">,
  asked?: number,
): number {
  const rule = `the window of ${name} must be at most ${maxPositions} tokens`;
  require(asked === undefined || asked <= maxPositions, "cut windows", rule, asked);
  return asked ?? Math.min(longestWindow, maxPositions);
}

/**
 * The calibration windows of a subject, the same in every call with the same plan.
 *
 * @throws {InputError} If it has no text to calibrate on, or too short a one.
 */
export function calibrationOf(
  { model, calibration, facts }: Subject,
  plan: CalibrationPlan = facts,
): Calibration {
  const rule = "the built-in text needs tokenizer.json: name another with --calibration";
  return drawCalibration(calibration ?? refuse(`calibrate ${model.name}`, rule), plan);
}
