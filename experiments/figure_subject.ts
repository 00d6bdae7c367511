import { cutWindows, type RunHooks } from "../lib/eval/mod.ts";
import { loadTokenizer, type Tokenizer } from "../lib/io/mod.ts";
import {
  type Calibration,
  type MethodName,
  methods,
  quantizedForward,
} from "../lib/methods/mod.ts";
import { disposeModel, type ForwardOptions, type Model, type Pruning } from "../lib/model/mod.ts";
import { drawCalibration } from "./calibration.ts";
import { loadSubject, type Subject } from "./subject.ts";
import { tokenReader } from "./token_source.ts";
import { WeightCache } from "./weight_cache.ts";

/** A model to draw figures of, with its texts, and its quantized versions once they are made. */
export interface FigureSubject extends Subject, Disposable {
  tokenizer: Tokenizer;
  /** Windows to choose settings on; {@linkcode Subject.testWindows} are for what was chosen. */
  validationWindows: Int32Array[];
  weights: WeightCache;
}

/**
 * Loads a model with everything that figures need. Dispose of it when done.
 *
 * @param folder A model in Hugging Face layout with tokenizer.json.
 * @param options As {@linkcode loadSubject} takes them.
 * @throws {InputError} As {@linkcode loadSubject} does.
 */
export async function loadFigureSubject(
  folder: string,
  options: { matrixProduct: string; window?: number },
): Promise<FigureSubject> {
  const subject = await loadSubject(folder, options);
  const { model, facts: { window } } = subject;
  const tokenizer = await loadTokenizer(folder);
  const readTokens = tokenReader(model, folder);
  const { ids, startToken } = await readTokens({ kind: "split", split: "validation" });
  const weights = new WeightCache(model);
  return {
    ...subject,
    tokenizer,
    validationWindows: cutWindows(ids, { window, startToken }),
    weights,
    [Symbol.dispose]() {
      weights[Symbol.dispose]();
      disposeModel(model);
    },
  };
}

/** The subject with at most this many windows of each text, for a first look. */
export function firstWindows(subject: FigureSubject, count: number): FigureSubject {
  const testWindows = subject.testWindows.slice(0, count);
  const validationWindows = subject.validationWindows.slice(0, count);
  const facts = { ...subject.facts, windows: testWindows.length };
  return { ...subject, testWindows, validationWindows, facts };
}

/** The calibration windows of a subject, the same in every call. */
export function calibrationOf({ calibration, facts }: Subject): Calibration {
  return drawCalibration(calibration, facts);
}

/**
 * A subject as a method leaves it: the model with quantized weights, which the subject owns, and the
 * options that quantize its activations.
 *
 * @param pruning Acts while calibrating as well.
 */
export async function quantizeSubject(
  subject: FigureSubject,
  name: MethodName,
  hooks: RunHooks,
  pruning?: Pruning,
): Promise<{ model: Model; forward: ForwardOptions }> {
  const method = methods[name];
  const calibration = () => calibrationOf(subject);
  const model = await subject.weights.get(method, calibration, hooks);
  const { profile } = subject.facts;
  const { signal } = hooks;
  const forward = quantizedForward(model, method, profile, calibration, pruning, signal);
  return { model, forward: { ...forward, signal } };
}
