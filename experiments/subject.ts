import { cutWindows, windowStartToken } from "../lib/eval/mod.ts";
import { loadTokenizer, openCheckpoint } from "../lib/io/mod.ts";
import { loadModel } from "../lib/model/mod.ts";
import { tokenizeSplit } from "./encyclopedia.ts";
import type { EvaluationConfig, Subject } from "./evaluation.ts";
import type { MeasuredRow } from "./tables.ts";

/** How a table is measured on any model. */
const protocol = {
  profile: "paper",
  /** Longest window; shorter where the model allows less. */
  window: 2048,
  weightWindows: 32,
  activationWindows: 10,
  seed: 0,
} as const;

/** The part of the configuration that all cells of a model share. */
export type SubjectFacts = Omit<EvaluationConfig, "method" | "pruning">;

/** A model with what it is measured on. */
export interface LoadedSubject extends Subject {
  facts: SubjectFacts;
}

/**
 * Loads a model and tokenizes the encyclopedia's calibration and test splits for it.
 *
 * @param folder A model in Hugging Face layout with tokenizer.json.
 */
export async function loadSubject(folder: string, matrixProduct: string): Promise<LoadedSubject> {
  const model = await loadModel(folder);
  const tokenizer = await loadTokenizer(folder);
  const checkpoint = await openCheckpoint(folder);
  const hash = await checkpoint.sha256();
  checkpoint.close();
  const calibration = await tokenizeSplit("calibration", tokenizer);
  const test = await tokenizeSplit("test", tokenizer);
  const bounded = Math.min(protocol.window, model.architecture.maxPositions);
  const window = model.architecture.startsEveryWindow ? Math.min(bounded, 512) : bounded;
  const startToken = windowStartToken(model);
  const testWindows = cutWindows(test.ids, { window, startToken });
  return {
    model,
    calibrationIds: calibration.ids,
    testWindows,
    facts: {
      ...protocol,
      model: hash,
      calibrationText: calibration.hash,
      testText: test.hash,
      window,
      windows: testWindows.length,
      matrixProduct,
    },
  };
}

/** The configuration of one cell. */
export function cellConfig(facts: SubjectFacts, row: MeasuredRow): EvaluationConfig {
  return { ...facts, method: row.method, pruning: row.pruning };
}
