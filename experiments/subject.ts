import { cutWindows } from "../lib/eval/mod.ts";
import { hashFiles, openCheckpoint } from "../lib/io/mod.ts";
import { loadModel, type Model } from "../lib/model/mod.ts";
import type { Profile } from "../lib/quant/mod.ts";
import type { CalibrationPlan } from "./calibration.ts";
import { type TextFacts, textFacts, tokenReader, type TokenText } from "./token_source.ts";

/** How every model is measured. */
export const protocol = {
  profile: "paper",
  weightWindows: 32,
  activationWindows: 10,
  seed: 0,
} as const;

/** The longest window, unless the caller names one; shorter where the model allows less. */
export const longestWindow = 2048;

/** The part of a cell's configuration that all cells of a model share. */
export interface SubjectFacts extends CalibrationPlan {
  /** sha256 of the weights. */
  weights: string;
  /** sha256 of config.json and tokenizer.json, joined. */
  settings: string;
  calibrationText: TextFacts;
  testText: TextFacts;
  profile: Profile;
  /** How many windows are scored. */
  windows: number;
  /** What multiplies matrices; results depend on it in the last digits. */
  matrixProduct: string;
}

/** What tables call the text that a subject is tested on. */
export function testTextOf(_facts: SubjectFacts): string {
  return "the synthetic encyclopedia";
}

/** A model in floating point with the tokens to calibrate and test it on. */
export interface Subject {
  model: Model;
  calibration: TokenText;
  /** Windows to score. */
  testWindows: Int32Array[];
  facts: SubjectFacts;
}

/**
 * Loads a model and tokenizes the encyclopedia's calibration and test splits for it. Free the model
 * when done.
 *
 * @param folder A model in Hugging Face layout with tokenizer.json.
 * @param options.window Tokens per window; the model's longest, at most 2048, unless given.
 * @throws {InputError} If the folder does not hold a model that can be run, or its tokenizer has
 *   tokens that the model does not know.
 */
export async function loadSubject(
  folder: string,
  options: { matrixProduct: string; window?: number },
): Promise<Subject> {
  const model = await loadModel(folder);
  const readTokens = tokenReader(model, folder);
  const calibration = await readTokens({ kind: "split", split: "calibration" });
  const test = await readTokens({ kind: "split", split: "test" });
  const window = options.window ?? Math.min(longestWindow, model.architecture.maxPositions);
  const testWindows = cutWindows(test.ids, { window, startToken: test.startToken });
  using checkpoint = await openCheckpoint(folder);
  return {
    model,
    calibration,
    testWindows,
    facts: {
      ...protocol,
      weights: await checkpoint.sha256(),
      settings: await hashFiles([`${folder}/config.json`, `${folder}/tokenizer.json`]),
      calibrationText: textFacts(calibration),
      testText: textFacts(test),
      window,
      windows: testWindows.length,
      matrixProduct: options.matrixProduct,
    },
  };
}
