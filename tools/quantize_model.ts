import { type CalibrationPlan, drawCalibration } from "../experiments/measure/calibration.ts";
import { protocol, readSubject, windowFor } from "../experiments/measure/subject.ts";
import {
  textFacts,
  tokenReader,
  type TokenSource,
  type TokenText,
} from "../experiments/measure/token_source.ts";
import { encodeJson, require } from "../lib/core/mod.ts";
import {
  type CompanionFiles,
  hashFiles,
  openUnfinished,
  readCompanionFiles,
  ScratchFile,
  writeAtomically,
} from "../lib/io/mod.ts";
import {
  calibrate,
  type Calibration,
  type ConfiguredMethod,
  gptqConfig,
  methodOf,
  needsCalibration,
  type Pass,
  unquantized,
  weightPasses,
} from "../lib/methods/mod.ts";
import {
  BlockFiles,
  loadModel,
  openPublished,
  type PublishedModel,
  publishedStorage,
  settingFiles,
  storedBytes,
} from "../lib/model/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { type AllocateOptions, isToShare, readAllocation, shareOut } from "./allocate_option.ts";
import { printWarnings, type Session } from "./command_line.ts";
import { findModel, type ModelArgument, modelText } from "./model_argument.ts";
import type { QuantizeReport } from "./quantize_report.ts";
import { type CalibrationOptions, calibrationSource, type DrawOptions } from "./text_options.ts";
import { changeSettings, type SettingsOption } from "./settings_option.ts";
import {
  changeWeights,
  secondQuantization,
  shortGroups,
  type WeightOptions,
} from "./weight_options.ts";

/** The forms in which quantized weights are written. */
export const checkpointFormats = ["gptq", "safetensors"] as const;

export type CheckpointFormat = typeof checkpointFormats[number];

/** What the command line of `deno task quantize` says. */
export interface QuantizeOptions
  extends CalibrationOptions, DrawOptions, WeightOptions, SettingsOption, AllocateOptions {
  model: ModelArgument;
  method: string;
  out: string;
  format?: CheckpointFormat;
  fresh?: boolean;
}

/** A quantization that nothing speaks against; weights are known to be there, and not loaded yet. */
export interface QuantizationPlan {
  folder: string;
  published: PublishedModel;
  method: ConfiguredMethod;
  passes: readonly Pass[];
  /** GPTQ's `quantization_config`, of a checkpoint of it. */
  quantization?: ReturnType<typeof gptqConfig>;
  format: CheckpointFormat;
  draw: CalibrationPlan;
  /** Of methods that calibrate: what they calibrate on, and its windows. */
  text?: TokenText;
  windows?: Calibration;
  companions: CompanionFiles;
}

/**
 * Looks at everything that the options say, and at the files, before the weights are loaded.
 *
 * @throws {InputError} If the options, the files or the model do not allow it.
 */
export async function planQuantization(
  options: QuantizeOptions,
  session: Session,
): Promise<QuantizationPlan> {
  const { window, startToken, seed } = options;
  const { method: chosen, format } = chosenMethod(options);
  const folder = await findModel(options.model, session);
  await useBackend("agile");
  const published = await openPublished(folder);
  const method = await readAllocation(chosen, options.method, options, published.architecture);
  const passes = weightPasses(method.passes(published.architecture));
  require(
    passes.length > 0,
    `quantize ${published.name}`,
    `${options.method} must quantize weights`,
  );
  const staysAsItIs = passes.every(({ remodel }) => !remodel);
  const whyNot = `no checkpoint holds what ${options.method} makes of the model around its blocks`;
  require(staysAsItIs, `quantize ${published.name}`, whyNot);
  const isHeld = format !== "gptq" || passes.some(({ leavesCodes }) => leavesCodes);
  const codesAlone =
    "a checkpoint of GPTQ holds integer codes alone (--format safetensors holds all)";
  require(isHeld, `quantize ${published.name}`, codesAlone, options.method);
  const isUniform = options.allocate === undefined;
  const sameBits =
    "--allocate must come with --format safetensors, as a checkpoint of GPTQ has the same bits everywhere";
  require(format !== "gptq" || isUniform, "read the command line", sameBits);
  const calibrates = needsCalibration(passes) || isToShare(options);
  const rule = "--calibration must come with a method that calibrates";
  const isApt = options.calibration === undefined || calibrates;
  require(isApt, "read the command line", rule, options.method);
  const readTokens = tokenReader(published, folder, startToken);
  const text = calibrates ? await readTokens(await calibrationText(options, session)) : undefined;
  const draw = {
    window: windowFor(published, window),
    weightWindows: options.calibrationWindows,
    activationWindows: protocol.activationWindows,
    seed,
  };
  const windows = text && drawCalibration(text, draw);
  const quantization = format === "gptq" ? gptqConfig(method.settings.weights!) : undefined;
  const stored = publishedStorage(published);
  const again = secondQuantization(method, options.method, modelText(options.model), stored);
  const short = shortGroups(method, options.method, published.architecture);
  printWarnings([...published.warnings, ...again, ...short]);
  const companions = await readCompanionFiles(folder);
  return {
    ...{ folder, published, method, passes, quantization, format },
    ...{ draw, text, windows, companions },
  };
}

/**
 * Quantizes the weights of a model and writes them with all else that the model's folder needs, block by
 * block. Everything that the options say is looked at before the weights are loaded.
 *
 * @throws {InputError} If the options, the files or the model do not allow it.
 * @throws The signal's reason once it is aborted; the same options then go on with the first block that is not
 *   written.
 */
export async function quantizeModel(
  options: QuantizeOptions,
  session: Session,
): Promise<QuantizeReport> {
  const { out, fresh } = options;
  const { signal, progress } = session;
  const planned = await shareBits(await planQuantization(options, session), options, session);
  const { folder, published, method, passes, quantization, windows, companions } = planned;
  const { files } = published.checkpoint;
  const work = {
    "sha256 of the weights": await hashFiles(files, signal),
    "sha256 of the settings": await hashFiles(await settingFiles(folder)),
    ...settingsOf(planned, options),
  };
  using target = await openUnfinished(out, work, { fresh });
  session.kept = "Finished blocks are kept: the same command goes on behind them.";
  const model = await loadModel(folder, { signal });
  const store = new BlockFiles(published, out, quantization);
  using scratch = new ScratchFile(out);
  const room = { scratch };
  await calibrate(unquantized(model), passes, () => windows!, { store, room, progress, signal });
  const { allocation } = method.settings.weights!;
  if (allocation) {
    await writeAtomically(`${out}/allocation.json`, `${encodeJson({ allocation }, 2)}\n`);
  }
  for (const [name, content] of companions.files) await writeAtomically(`${out}/${name}`, content);
  await store.finish();
  await target.finish();
  const written = await openPublished(out);
  return {
    folder: out,
    model: modelText(options.model),
    name: options.method,
    method,
    quantization,
    noTokenizer: companions.noTokenizer,
    weights: await hashFiles(written.checkpoint.files, signal),
    bytes: { before: storedBytes(published), now: storedBytes(written) },
  };
}

async function calibrationText(options: QuantizeOptions, session: Session): Promise<TokenSource> {
  return await calibrationSource(options, session) ?? { kind: "split", split: "calibration" };
}

/** The plan with bits for each linear map, where the command line names a budget. */
async function shareBits(
  planned: QuantizationPlan,
  options: QuantizeOptions,
  session: Session,
): Promise<QuantizationPlan> {
  if (!isToShare(options)) return planned;
  const { folder, draw: { weightWindows, seed } } = planned;
  const calibration = await calibrationText(options, session);
  const { window, startToken } = options;
  const subject = await readSubject(
    { folder, window, startToken, calibration, test: calibration, draw: { weightWindows, seed } },
    { ...await useBackend("agile"), signal: session.signal },
  );
  const { method } = await shareOut(subject, planned.method, options.method, options, session);
  return { ...planned, method, passes: weightPasses(method.passes(subject.model.architecture)) };
}

/** What a quantization is continued by, of all that is not a file of the model. */
function settingsOf(
  { method, format, draw, text }: QuantizationPlan,
  { method: name }: QuantizeOptions,
): Record<string, unknown> {
  return {
    method: name,
    settings: method.settings, // those of activations, too: SmoothQuant's alpha changes weights
    format,
    ...text && {
      calibration: textFacts(text),
      window: draw.window,
      "calibration-windows": draw.weightWindows,
      seed: draw.seed,
    },
  };
}

/** The method as it is to be, and the form of what it gives. */
function chosenMethod(
  options: QuantizeOptions,
): { method: ConfiguredMethod; format: CheckpointFormat } {
  const { format = "gptq" } = options;
  const rule = "--scales must be F16 in a checkpoint of GPTQ (--format safetensors takes both)";
  const isHeld = format !== "gptq" || options.scales !== "F32";
  require(isHeld, "read the command line", rule, options.scales);
  const { method: name } = options;
  const plain = changeSettings(changeWeights(methodOf(name), name, options), name, options);
  const isRounded = format === "gptq" && plain.takes("weights", "scaleDtype");
  const method = isRounded ? changeWeights(plain, name, { scales: "F16" }) : plain;
  return { method, format };
}
