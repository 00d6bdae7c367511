import { require } from "../../lib/core/mod.ts";
import { cutWindows, type RunHooks } from "../../lib/eval/mod.ts";
import { exists, loadTokenizer, type Tokenizer } from "../../lib/io/mod.ts";
import { type MethodName, methods, quantizedForward } from "../../lib/methods/mod.ts";
import {
  disposeModel,
  type ForwardOptions,
  type Model,
  type Pruning,
  type StartTokenPlace,
} from "../../lib/model/mod.ts";
import {
  calibrationOf,
  loadWeights,
  readSubject,
  type Subject,
  type SubjectOptions,
  type UnloadedSubject,
} from "./subject.ts";
import { tokenReader } from "./token_source.ts";
import { WeightCache } from "./weight_cache.ts";

/** A model to draw figures of, with its texts, and its quantized versions once they are made. */
export interface FigureSubject extends Subject, Disposable {
  /** Null where the model comes without one and is tested on token ids. */
  tokenizer: Tokenizer | null;
  /** Windows to choose settings on; {@linkcode Subject.testWindows} are for what was chosen. */
  validationWindows: Int32Array[];
  weights: WeightCache;
}

/**
 * Loads a model with everything that figures need. Dispose of it when done.
 *
 * Settings are chosen on the encyclopedia's validation split, and those of a model that is tested on
 * another text on the second half of its windows: the first half tests.
 *
 * @param folder A model in Hugging Face layout.
 * @param options As {@linkcode readSubject} takes them; `windows` bounds those of each text.
 * @throws {InputError} As {@linkcode readSubject} does, or if the text cannot be halved; only then as
 *   {@linkcode loadWeights} does.
 */
export async function loadFigureSubject(
  folder: string,
  { windows, ...options }: SubjectOptions,
): Promise<FigureSubject> {
  const read = await readSubject(folder, options);
  const hasTokenizer = await exists(`${folder}/tokenizer.json`);
  const texts = {
    ...options.test
      ? halve(read)
      : { validationWindows: await validate(read, folder, options.startToken) },
    tokenizer: hasTokenizer ? await loadTokenizer(folder) : null,
  };
  const subject = await loadWeights({ ...read, ...texts }, folder, options.signal);
  const weights = new WeightCache(subject.model);
  const dispose = () => {
    weights[Symbol.dispose]();
    disposeModel(subject.model);
  };
  return firstWindows({ ...subject, weights, [Symbol.dispose]: dispose }, windows);
}

/** The windows of the encyclopedia's validation split. */
async function validate(
  { model, facts: { window } }: UnloadedSubject,
  folder: string,
  place?: StartTokenPlace,
) {
  const readTokens = tokenReader(model, folder, place);
  const { ids, startToken } = await readTokens({ kind: "split", split: "validation" });
  return cutWindows(ids, { window, startToken });
}

/** The windows of a text divided among its two tasks. */
function halve({ title, testWindows: all, facts: { window } }: UnloadedSubject) {
  const rule = `the text must have two windows of ${window} tokens, to test and to choose on`;
  require(all.length > 1, `draw ${title}`, rule, all.length);
  const middle = Math.ceil(all.length / 2);
  return { testWindows: all.slice(0, middle), validationWindows: all.slice(middle) };
}

/** The subject with at most this many windows of each text, for a first look. */
export function firstWindows(subject: FigureSubject, count?: number): FigureSubject {
  const testWindows = subject.testWindows.slice(0, count);
  const validationWindows = subject.validationWindows.slice(0, count);
  const facts = { ...subject.facts, windows: testWindows.length };
  return { ...subject, testWindows, validationWindows, facts };
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
  const forward = quantizedForward(model, method, profile, calibration, { pruning, signal });
  return { model, forward: { ...forward, signal } };
}
