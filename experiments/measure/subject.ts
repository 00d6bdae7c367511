import { canonicalJson, counted, refuse, require, sha256 } from "../../lib/core/mod.ts";
import { cutWindows, StoredScores } from "../../lib/eval/mod.ts";
import { hashFiles, type HubOrigin, hubOrigin, tokenizerFiles } from "../../lib/io/mod.ts";
import type { Storage } from "../../lib/format/mod.ts";
import { type Calibration, Versions } from "../../lib/methods/mod.ts";
import {
  type FinalStreams,
  loadModel,
  type Model,
  openPublished,
  publishedStorage,
  quantizedForms,
  readArchitecture,
  settingFiles,
  type StartTokenPlace,
  StoredBlocks,
  storedBytes,
} from "../../lib/model/mod.ts";
import type { BackendInfo } from "../../lib/tensor/mod.ts";
import { type CalibrationPlan, drawCalibration } from "./calibration.ts";
import { textWarnings, windowWarnings } from "./text_warnings.ts";
import {
  builtInRule,
  type TextFacts,
  textFacts,
  tokenReader,
  type TokenSource,
  type TokenText,
} from "./token_source.ts";

/** How every model is measured. */
export const protocol = {
  weightWindows: 32,
  activationWindows: 10,
  seed: 0,
} as const;

/** The longest window, unless the caller names one; shorter where the model allows less. */
const longestWindow = 2048;

/** The part of a cell's configuration that all cells of a model share. */
export interface SubjectFacts extends CalibrationPlan {
  /** Where a model of the hub comes from; absent for any other. */
  hub?: HubOrigin;
  /** sha256 of the weights. */
  weights: string;
  /** sha256 of config.json and the files of the tokenizer, where there are any, joined; or of the GGUF file. */
  settings: string;
  /** Null where there is nothing to calibrate on. */
  calibrationText: TextFacts | null;
  testText: TextFacts;
  /** What settings are chosen on, where that is a text of its own that was named. */
  validationText?: TextFacts;
  /** How many windows are scored, the first ones of the text. */
  windows: number;
  /** What multiplies matrices, and what the other kernels use; the last digits depend on them. */
  matrixProduct: string;
  instructions?: string;
}

/** Which model to measure on which texts, as plain data that any process can open. */
export interface ModelRef {
  /** In Hugging Face layout. */
  folder: string;
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
  /** What to calibrate on, `null` for nothing; the encyclopedia's calibration split unless given. */
  calibration?: TokenSource | null;
  /** What is drawn of it; as {@linkcode protocol} says unless given. */
  draw?: { weightWindows: number; seed: number };
  /** Whether settings are chosen on it, which needs windows besides those that test. */
  choosing?: boolean;
  /** What they are chosen on; a part of the text that tests, or the encyclopedia's, unless given. */
  validation?: TokenSource;
}

/** A model in floating point with the tokens to calibrate and test it on. */
export interface Subject {
  /** What it was opened from. */
  ref: ModelRef;
  /**
   * Its name says the text as well, where that is not the built-in one, and what its weights are
   * dequantized from, where they are stored in few bits.
   */
  model: Model;
  /** What captions call the model and the text it is tested on. */
  title: string;
  /** The text it is tested on. */
  test: TokenText;
  /** Null where there is nothing to calibrate on, or the built-in text cannot be tokenized. */
  calibration: TokenText | null;
  /** Windows to score. */
  testWindows: Int32Array[];
  /** How many there were to choose from. */
  windowsInText: number;
  facts: SubjectFacts;
  /** How its checkpoint stores the linear maps of the blocks. */
  storage: Storage;
  /** What all its parameters take as they are stored. */
  storedBytes: number;
  /** About the model's checkpoint, and about its texts. */
  warnings: string[];
}

/** How {@linkcode readSubject} reads a model. */
export interface SubjectOptions extends Pick<BackendInfo, "matrixProduct" | "instructions"> {
  /** Stops reading by throwing its reason. */
  signal?: AbortSignal;
}

/** A subject before its weights are loaded. */
export interface UnloadedSubject extends Omit<Subject, "model"> {
  model: Pick<Model, "name" | "architecture">;
}

/** A subject with its weights, and with what is made of it once and used by many cells. */
export interface OpenSubject extends Subject {
  /** Its quantized versions. */
  versions: Versions;
  /** What windows become in full precision, kept where several cells are compared with that. */
  referenceStreams?: FinalStreams;
  /** Where the scores of windows are kept until all are there, by what they depend on besides the code. */
  scoresOf?(depends: unknown): Promise<StoredScores>;
}

/** A folder for what is kept between processes. */
export interface KeptFolder {
  folder: string;
  /** Stands for the code that makes it. */
  sources: string;
  /** Is told why something could not be kept. */
  onUnkept?: (reason: string) => void;
}

/** What of a subject is kept between processes; in memory alone, each without a folder. */
export interface KeptFolders {
  /** For quantized weights. */
  weights?: KeptFolder;
  /** For the scores of windows, until their measurement ends. */
  scores?: KeptFolder;
}

/** What quantized weights depend on, besides the code and the passes that make them. */
const weightFacts = [
  ...["weights", "settings", "calibrationText", "window", "weightWindows", "activationWindows"],
  ...["seed", "matrixProduct", "instructions"],
] as (keyof SubjectFacts)[];

/**
 * Loads the weights of a subject.
 *
 * @param kept Where what is made of it is kept between processes.
 * @throws {InputError} As {@linkcode loadModel} does.
 */
export async function loadSubject<Unloaded extends UnloadedSubject>(
  subject: Unloaded,
  signal?: AbortSignal,
  { weights, scores }: KeptFolders = {},
): Promise<Unloaded & OpenSubject> {
  const loaded = await loadModel(subject.ref.folder, { signal });
  const model = { ...loaded, name: subject.model.name };
  const facts = weightFacts.map((name) => subject.facts[name]);
  const storeOf = weights &&
    (async (passes: string) =>
      new StoredBlocks(await placeIn(weights, { facts, passes }), weights.onUnkept));
  const scoresOf = scores &&
    (async (depends: unknown) => new StoredScores(await placeIn(scores, { depends }), scores));
  return { ...subject, model, versions: new Versions(storeOf), ...scoresOf && { scoresOf } };
}

/** The folder of what depends on this, and on the code. */
async function placeIn({ folder, sources }: KeptFolder, depends: object): Promise<string> {
  return `${folder}/${await sha256(canonicalJson({ sources, ...depends }))}`;
}

/**
 * Reads all of a subject but its weights, which are only hashed and known to be there.
 *
 * @param ref Of a model with a tokenizer, which is needed wherever a text is to become tokens.
 * @throws {InputError} If the folder does not hold a model that can be run, or a text is too short (what
 *   it is calibrated on where that is named), or has tokens that the model does not know.
 */
export async function readSubject(
  ref: ModelRef,
  { matrixProduct, instructions, signal }: SubjectOptions,
): Promise<UnloadedSubject> {
  const { folder } = ref;
  const hub = hubOrigin(folder);
  const described = await readArchitecture(folder);
  const window = windowFor(described, ref.window);
  const draw = { ...protocol, ...ref.draw };
  const plan = { window, count: draw.weightWindows, seed: draw.seed };
  const readTokens = tokenReader(described, folder, ref.startToken);
  const test = await readTokens(ref.test ?? { kind: "split", split: "test" }, plan);
  const tokenizer = await tokenizerFiles(folder);
  const calibrates = ref.calibration !== null &&
    (ref.calibration || tokenizer.length > 0 || ref.test?.kind !== "ids");
  const calibration = calibrates
    ? await readTokens(ref.calibration ?? { kind: "split", split: "calibration" }, plan)
    : null;
  if (calibration && ref.calibration) drawCalibration(calibration, { window, ...draw });
  const allWindows = test.drawn ?? cutWindows(test.ids, { ...test, window });
  const testWindows = allWindows.slice(0, ref.windows);
  const used = calibration ? { text: calibration, window, ...draw } : undefined;
  const published = await openPublished(folder);
  const { architecture, checkpoint, warnings } = published;
  const storage = publishedStorage(published);
  const forms = quantizedForms(storage);
  const origin = forms.length > 0 ? ` (dequantized from ${forms.join(", ")})` : "";
  const name = `${ref.name ?? described.name}${origin}`;
  const weights = await hashFiles(checkpoint.files, signal);
  const settings = await settingFiles(folder);
  const isOneFile = settings.join() === checkpoint.files.join();
  return {
    ref,
    model: { name: ref.test ? `${name} on ${test.label}` : name, architecture },
    title: `${name} on ${ref.test ? test.label : "the synthetic encyclopedia"}`,
    test,
    calibration,
    testWindows,
    windowsInText: allWindows.length,
    facts: {
      ...draw,
      ...hub && { hub },
      weights,
      settings: isOneFile ? weights : await hashFiles(settings),
      calibrationText: calibration && textFacts(calibration),
      testText: textFacts(test),
      window,
      windows: testWindows.length,
      matrixProduct,
      instructions,
    },
    storage,
    storedBytes: storedBytes(published),
    warnings: [
      ...warnings,
      ...test.published?.warnings ?? [],
      ...textWarnings(test, used),
      ...ref.choosing ? [] : windowWarnings(testWindows.length), // some of the windows choose
    ],
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
  const rule = `the window of ${name} must be at most ${counted(maxPositions, "token")}`;
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
  const rule = `${builtInRule} with --calibration`;
  return drawCalibration(calibration ?? refuse(`calibrate ${model.name}`, rule), plan);
}
