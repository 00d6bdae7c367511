import { counted } from "../lib/core/mod.ts";
import { estimateRun, type PlannedRun } from "../experiments/measure/run_cost.ts";
import type { Storage } from "../lib/format/mod.ts";
import {
  gibibytes,
  parameterCount,
  type RunMemory,
  runMemory,
  windowOperations,
} from "../lib/model/mod.ts";
import type { Session } from "./command_line.ts";
import { modelText } from "./model_argument.ts";
import { alignedLines, describeStorage } from "./perplexity_report.ts";
import { type PerplexityOptions, planPerplexity } from "./plan_perplexity.ts";

/** What a measurement would cost; printed as it is with `--json`. Nothing of it is measured on the model. */
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
  window: number;
  windows: number;
  calibrationWindows: number;
  /** Multiplications and additions of scoring, of one window and of all, in all ways that it is scored. */
  windowOperations: number;
  operations: number;
  /** Estimated from random blocks in the shape of the model's, on this machine as busy as it is. */
  seconds: { prepare: number; score: number };
}

/**
 * Estimates what a measurement would cost, without loading weights.
 *
 * @throws {InputError} As the measurement would before it loads weights.
 */
export async function dryRun(options: PerplexityOptions, session: Session): Promise<DryRun> {
  const { method, pruning, read } = await planPerplexity(options, session);
  const { architecture } = read.model;
  const { window, windows, weightWindows, activationWindows } = read.facts;
  const run: PlannedRun = {
    ...{ architecture, method, execute: options.execute, window, windows },
    weightWindows,
    activationWindows: Math.min(weightWindows, activationWindows),
    compare: options.compare ?? false,
    pruned: pruning !== undefined,
  };
  const { storage, ...seconds } = await estimateRun(run, session);
  const passes = 1 + Number(run.compare) + Number(run.pruned);
  const { maps, attention, head } = windowOperations(architecture, window);
  const perWindow = passes * (architecture.layers * (maps + attention) + head);
  const quantized = method.settings.weights && storage;
  const calibrationWindows = read.calibration ? weightWindows : 0;
  const bits = quantized?.bitsPerWeight ?? 0;
  return {
    model: modelText(options.model),
    method: options.method,
    parameters: parameterCount(architecture),
    stored: read.storage,
    quantized,
    storedBytes: read.storedBytes,
    memory: runMemory(architecture, {
      storedBytes: read.storedBytes,
      quantizedBytes: read.storage.weights * bits / 8,
      ...{ window, windows, passes, calibrationWindows },
    }),
    ...{ window, windows, calibrationWindows },
    windowOperations: perWindow,
    operations: windows * perWindow,
    seconds,
  };
}

/** The estimate as aligned lines. */
export function describeDryRun(dry: DryRun): string {
  const { memory, seconds, calibrationWindows } = dry;
  const where = memory.isStreamed ? "read block by block from the disk" : "all in memory";
  const prepared = calibrationWindows > 0
    ? `${duration(seconds.prepare)} to quantize with ${counted(calibrationWindows, "window")}, `
    : "";
  return "An estimate: no weights were loaded.\n" + alignedLines([
    ["model", dry.model],
    ["parameters", `${(dry.parameters / 1e6).toFixed(1)} million`],
    ["stored as", describeStorage(dry.stored)],
    ["method", dry.method],
    ["quantized to", dry.quantized && describeStorage(dry.quantized)],
    ["weights", `${size(dry.storedBytes)}, ${where}`],
    ["to hold", `about ${size(memory.total)} besides the program:`],
    ["", size(memory.weights), "weights"],
    ["", size(memory.open), "a block and the head as float32"],
    ["", size(memory.windows), "windows on their way"],
    ["", size(memory.logits), "next-token scores"],
    ["windows", `${dry.windows} of ${counted(dry.window, "token")}`],
    [
      "operations",
      `${billions(dry.windowOperations)} a window, ${billions(dry.operations)} in all`,
    ],
    [
      "time",
      `about ${duration(seconds.prepare + seconds.score)}, files read at once: ${prepared}` +
      `${duration(seconds.score)} to score`,
    ],
  ]);
}

/** `12.3 MiB`, `13.50 GiB` */
function size(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : gibibytes(bytes);
}

function billions(operations: number): string {
  const count = operations / 1e9;
  return `${count < 100 ? count.toPrecision(2) : count.toFixed(0)} billion`;
}

/** `3.2 s`, `12 min`, `5.1 h` */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toPrecision(2) : seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
