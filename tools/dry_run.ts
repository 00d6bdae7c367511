import { preparingMemory } from "../experiments/measure/preparing_memory.ts";
import { estimateRun, type PlannedRun } from "../experiments/measure/run_cost.ts";
import { counted } from "../lib/core/mod.ts";
import type { Storage } from "../lib/format/mod.ts";
import {
  gibibytes,
  parameterCount,
  publishedStorage,
  type RunMemory,
  runMemory,
  storedBytes,
  windowOperations,
} from "../lib/model/mod.ts";
import { requireUniform } from "./allocate_option.ts";
import type { Session } from "./command_line.ts";
import { duration } from "./duration.ts";
import { modelText } from "./model_argument.ts";
import { alignedLines, describeStorage } from "./perplexity_report.ts";
import { type PerplexityOptions, planPerplexity } from "./plan_perplexity.ts";
import { planQuantization, type QuantizeOptions } from "./quantize_model.ts";

/** What a run would cost; printed as it is with `--json`. Nothing of it is measured on the model. */
export interface DryRun {
  model: string;
  method: string;
  parameters: number;
  /** How the checkpoint stores linear maps, and how the method would leave them. */
  stored: Storage;
  quantized?: Storage;
  /** Bytes of the weights as they are stored. */
  storedBytes: number;
  /** Bytes that would be held at most, besides the program itself. */
  memory: RunMemory;
  /** Bytes that the program itself holds, with texts and tokenizer, before it computes. */
  program: number;
  window: number;
  /** That would be scored; 0 where a model is quantized alone. */
  windows: number;
  calibrationWindows: number;
  /** Multiplications and additions of scoring, of one window and of all, in all ways that it is scored. */
  windowOperations: number;
  operations: number;
  /** Estimated from random blocks in the shape of the model's, on this machine as busy as it is. */
  seconds: { prepare: number; score: number };
}

/**
 * Estimates what a measurement would cost, without loading weights or downloading anything.
 *
 * @throws {InputError} As the measurement would before it loads weights, or if the cache of the hub lacks
 *   something.
 */
export async function dryRun(options: PerplexityOptions, session: Session): Promise<DryRun> {
  requireUniform(options);
  const { method, pruning, read } = await planPerplexity(options, { ...session, isDry: true });
  const { window, windows, weightWindows, activationWindows } = read.facts;
  const run: PlannedRun = {
    ...{ architecture: read.model.architecture, method, execute: options.execute },
    ...{ window, windows, weightWindows },
    activationWindows: Math.min(weightWindows, activationWindows),
    compare: options.compare ?? false,
    pruned: pruning !== undefined,
  };
  return await costOf(run, {
    ...{ model: modelText(options.model), method: options.method, stored: read.storage },
    ...{ storedBytes: read.storedBytes, calibrates: read.calibration !== null, keeps: true },
  }, session);
}

/**
 * Estimates what a quantization would cost, without loading weights or downloading or writing anything.
 *
 * @throws {InputError} As the quantization would before it loads weights, or if the cache of the hub lacks
 *   something.
 */
export async function dryQuantization(
  options: QuantizeOptions,
  session: Session,
): Promise<DryRun> {
  requireUniform(options);
  const plan = await planQuantization(options, { ...session, isDry: true });
  const { method, published, draw, text } = plan;
  const run: PlannedRun = {
    ...{ architecture: published.architecture, execute: "emulate", compare: false, pruned: false },
    ...draw,
    windows: 0,
    // What becomes of activations is left to whoever runs the model.
    method: { ...method, passes: () => [...plan.passes] },
  };
  return await costOf(run, {
    ...{ model: modelText(options.model), method: options.method },
    ...{ stored: publishedStorage(published), storedBytes: storedBytes(published) },
    ...{ calibrates: text !== undefined, keeps: false },
  }, session);
}

/** What is known of a run besides how it goes. */
interface RunFacts extends Pick<DryRun, "model" | "method" | "stored" | "storedBytes"> {
  calibrates: boolean;
  /** Whether quantized weights are held, rather than written block by block, with windows that wait on the disk. */
  keeps: boolean;
}

async function costOf(run: PlannedRun, facts: RunFacts, session: Session): Promise<DryRun> {
  const { architecture, method, window, windows, weightWindows } = run;
  const { calibrates, keeps, ...named } = facts;
  const program = Deno.memoryUsage().rss;
  const { storage, ...seconds } = await estimateRun(run, session);
  const passes = 1 + Number(run.compare) + Number(run.pruned);
  const { maps, attention, head } = windowOperations(architecture, window);
  const perWindow = passes * (architecture.layers * (maps + attention) + head);
  const quantized = method.settings.weights && storage;
  const bits = quantized?.bitsPerWeight ?? 0;
  const quantizedBytes = named.stored.weights * bits / 8;
  return {
    ...named,
    parameters: parameterCount(architecture),
    quantized,
    memory: runMemory(architecture, {
      storedBytes: named.storedBytes,
      quantizedBytes: keeps ? quantizedBytes : quantizedBytes / architecture.layers,
      preparing: preparingMemory({ ...run, hasScratch: !keeps }),
      ...{ window, windows, passes },
    }),
    program,
    ...{ window, windows, calibrationWindows: calibrates ? weightWindows : 0 },
    windowOperations: perWindow,
    operations: windows * perWindow,
    seconds,
  };
}

/** The estimate as aligned lines. */
export function describeDryRun(dry: DryRun): string {
  const { memory, windows } = dry;
  const where = memory.isStreamed ? "read block by block from the disk" : "all in memory";
  const held = (bytes: number, what: string): [string, ...(string | undefined)[]] => [
    "",
    bytes > 0 ? size(bytes) : undefined,
    what,
  ];
  return "An estimate: no weights were loaded.\n" + alignedLines([
    ["model", dry.model],
    ["parameters", `${(dry.parameters / 1e6).toFixed(1)} million`],
    ["stored as", describeStorage(dry.stored)],
    ["method", dry.method],
    ["quantized to", dry.quantized && describeStorage(dry.quantized)],
    ["weights", `${size(dry.storedBytes)}, ${where}`],
    ["to hold", `about ${size(memory.total + dry.program)}, most of it at the same time:`],
    held(dry.program, "the program, texts and tokenizer"),
    held(memory.weights, "weights"),
    held(memory.open, "a block and the head as float32"),
    held(memory.preparing, "to quantize: windows for calibration, what is gathered of them"),
    held(memory.scoring, "to score: windows on their way"),
    ["windows", windows > 0 ? `${windows} of ${counted(dry.window, "token")}` : undefined],
    ["operations", windows > 0 ? describeOperations(dry) : undefined],
    ["time", describeTime(dry)],
  ]);
}

function describeOperations({ windowOperations, operations }: DryRun): string {
  return `${billions(windowOperations)} a window, ${billions(operations)} in all`;
}

function describeTime({ seconds, windows, calibrationWindows }: DryRun): string {
  const total = seconds.prepare + (windows > 0 ? seconds.score : 0);
  const calibrating = calibrationWindows > 0
    ? ` with ${counted(calibrationWindows, "window")}`
    : "";
  const parts = [
    ...seconds.prepare > 0 ? [`${duration(seconds.prepare)} to quantize${calibrating}`] : [],
    ...windows > 0 ? [`${duration(seconds.score)} to score`] : [],
  ];
  return `about ${duration(total)}, files read at once: ${parts.join(", ")}`;
}

/** `12.3 MiB`, `13.50 GiB` */
function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : gibibytes(bytes);
}

function billions(operations: number): string {
  const count = operations / 1e9;
  return `${count < 100 ? count.toPrecision(2) : count.toFixed(0)} billion`;
}
