import { counted, require } from "../../lib/core/mod.ts";
import { cutWindows, type RunHooks } from "../../lib/eval/mod.ts";
import { loadTokenizer, type Tokenizer, tokenizerFiles } from "../../lib/io/mod.ts";
import { type Executed, type MethodName, methods, prepareModel } from "../../lib/methods/mod.ts";
import type { Pruning } from "../../lib/model/mod.ts";
import {
  calibrationOf,
  type ModelRef,
  type OpenSubject,
  readSubject,
  type SubjectOptions,
  type UnloadedSubject,
} from "./subject.ts";
import { validationWarnings, windowWarnings } from "./text_warnings.ts";
import { textFacts, tokenReader } from "./token_source.ts";

/** What figures need besides the weights and the texts that test. */
interface FigureTexts {
  /** Null where the model comes without one and is tested on token ids. */
  tokenizer: Tokenizer | null;
  /** Windows to choose settings on; {@linkcode Subject.testWindows} are for what was chosen. */
  validationWindows: Int32Array[];
  /** What captions call the text that they are of, where it is one of its own that was named. */
  validation?: string;
}

/** A model to draw figures of, with its texts, and its quantized versions once they are made. */
export interface FigureSubject extends OpenSubject, FigureTexts {}

/** A {@linkcode FigureSubject} before its weights are loaded. */
export interface UnloadedFigureSubject extends UnloadedSubject, FigureTexts {}

/**
 * Reads everything that figures need of a model but its weights.
 *
 * Settings are chosen on the text that is named for that, else on the encyclopedia's validation split, and
 * those of a model that is tested on another text on the second half of its windows: the first half tests.
 *
 * @param ref As {@linkcode readSubject} takes it; `windows` bounds those of each text.
 * @throws {InputError} As {@linkcode readSubject} does, or if the text cannot be halved.
 */
export async function readFigureSubject(
  { windows, ...ref }: ModelRef,
  options: SubjectOptions,
): Promise<UnloadedFigureSubject> {
  const read = await readSubject({ ...ref, choosing: true }, options);
  const { folder } = ref;
  const hasTokenizer = (await tokenizerFiles(folder)).length > 0;
  const texts = {
    ...ref.test && !ref.validation ? halve(read) : await validate(read),
    tokenizer: hasTokenizer ? await loadTokenizer(folder) : null,
  };
  const subject = firstWindows({ ...read, ...texts }, windows);
  const warnings = [...subject.warnings, ...windowWarnings(subject.testWindows.length)];
  return { ...subject, warnings };
}

/** The windows of the text that is named to choose on, or else of the encyclopedia's validation split. */
async function validate(read: UnloadedSubject) {
  const { model, ref, facts, test, warnings } = read;
  const { window, weightWindows: count, seed } = facts;
  const readTokens = tokenReader(model, ref.folder, ref.startToken);
  const source = ref.validation ?? { kind: "split", split: "validation" };
  const text = await readTokens(source, { window, count, seed });
  const isNamed = ref.validation !== undefined;
  return {
    facts: { ...facts, ...isNamed && { validationText: textFacts(text) } },
    ...isNamed && { validation: text.label },
    validationWindows: text.drawn ?? cutWindows(text.ids, { ...text, window }),
    warnings: [...warnings, ...isNamed ? validationWarnings(test, text) : []],
  };
}

/** The windows of a text divided among its two tasks. */
function halve({ title, testWindows: all, facts: { window } }: UnloadedSubject) {
  const windows = `two windows of ${counted(window, "token")}`;
  const rule = `the text must have ${windows}, to test and to choose on`;
  require(all.length > 1, `draw ${title}`, rule, all.length);
  const middle = Math.ceil(all.length / 2);
  return { testWindows: all.slice(0, middle), validationWindows: all.slice(middle) };
}

/** The subject with at most this many windows of each text, for a first look. */
export function firstWindows<Read extends UnloadedFigureSubject>(
  subject: Read,
  count?: number,
): Read {
  const testWindows = subject.testWindows.slice(0, count);
  const validationWindows = subject.validationWindows.slice(0, count);
  const facts = { ...subject.facts, windows: testWindows.length };
  const ref = { ...subject.ref, windows: count };
  return { ...subject, ref, testWindows, validationWindows, facts };
}

/**
 * The model of a subject as a method leaves it, and the options that quantize its activations.
 *
 * @param pruning Acts while calibrating as well.
 */
export async function quantizeSubject(
  subject: FigureSubject,
  name: MethodName,
  { progress, signal }: RunHooks,
  pruning?: Pruning,
): Promise<Executed> {
  const { model, versions } = subject;
  const calibration = () => calibrationOf(subject);
  const settings = { progress, signal, pruning, versions };
  const { model: quantized, forward } = await prepareModel(
    model,
    methods[name],
    calibration,
    settings,
  );
  return { model: quantized, forward: { ...forward, signal } };
}
