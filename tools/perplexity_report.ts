import type { CalibrationPlan } from "../experiments/measure/calibration.ts";
import type { PruningPlan } from "../experiments/measure/pruning_plan.ts";
import type { Readings } from "../experiments/measure/readings.ts";
import { describeStartToken, type TextFacts } from "../experiments/measure/token_source.ts";
import { baselineName } from "../experiments/result/baseline.ts";
import { formatEstimate } from "../experiments/result/format_estimate.ts";
import type { Provenance } from "../experiments/result/provenance.ts";
import { type AllocatedBits, allocatedWords } from "../experiments/tables/allocate_bits.ts";
import { counted, type Estimate, mapEstimate, mean, shortDigest } from "../lib/core/mod.ts";
import type { Reading } from "../lib/eval/mod.ts";
import type { Storage } from "../lib/format/mod.ts";
import type { HubOrigin } from "../lib/io/mod.ts";
import type {
  AllocatedPart,
  BitAllocation,
  Execution,
  MethodSettings,
  SiteAllocation,
} from "../lib/methods/mod.ts";
import type { BackendInfo } from "../lib/tensor/mod.ts";

/** A text that was read. */
export interface TextRead extends TextFacts {
  /** The file, or what of the built-in encyclopedia. */
  source: string;
  /** Without start token. */
  tokens: number;
  /** How many tokens published figures are of, where that is known. */
  publishedTokens?: number;
}

/** Everything that `deno task perplexity` did and found; printed as it is with `--json`. */
export interface PerplexityReport {
  model: string;
  /** Where a model of the hub comes from. */
  hub?: HubOrigin;
  /** sha256 of the weights. */
  weights: string;
  /** How the checkpoint stores the linear maps of the blocks, scales and zero points included. */
  stored: Storage;
  /** How the method leaves them, of methods that quantize weights. */
  quantized?: Storage;
  /** Bits of what linear maps read, on average, where they do not follow from the settings. */
  activationBits?: number;
  method: string;
  /** What tables call it on this model, and its settings. */
  title: string;
  settings: MethodSettings;
  /** The bits of each linear map, where each has its own; `--allocate` reads them here again. */
  allocation?: BitAllocation;
  /** Those of each site; `--allocate-activations` reads them here again. */
  activationAllocation?: SiteAllocation;
  /** Where either were shared out here: what was allowed, and what it costs by the sensitivities. */
  allocated?: { [Part in AllocatedPart]?: Pick<AllocatedBits, "budget" | "divergence"> };
  execute: Execution;
  /** Layers are counted from 0. */
  pruning?: PruningPlan;
  text: TextRead;
  /** Of methods that calibrate; no windows for activations where these are not calibrated. */
  calibration?: TextRead & CalibrationPlan;
  /** Tokens per scored window, and how many there are. */
  window: number;
  windows: number;
  /** How many the text has: more than are scored where `--windows` asks for fewer. */
  windowsInText: number;
  /** As in the cells of the tables; with `--compare` also against the model as it is stored. */
  result: Readings;
  /** Wall time of scoring. */
  seconds: number;
  /** Tokens that went through a model, without the first window, which warms up, if there are more. */
  tokensPerSecond: number;
  backend: BackendInfo;
  code: Provenance & { tfjs: string; lock: string };
  warnings: string[];
}

/** The report as aligned lines. */
export function describeReport(report: PerplexityReport): string {
  const { text, pruning, calibration, result, backend, code, execute } = report;
  return alignedLines([
    ["model", describeModel(report)],
    ["stored as", describeStorage(report.stored)],
    ["method", `${report.method} (${report.title})`],
    ["rotation", describeSettings(report.settings.rotation)],
    ["weights", describeOwnSettings(report.settings.weights)],
    ["allocated", describeAllocation(report)],
    ["quantized to", report.quantized && describeStorage(report.quantized)],
    ["activations", describeOwnSettings(report.settings.activations)],
    ["allocated", describeSiteAllocation(report)],
    ["read in", describeActivationBits(report)],
    ["linear maps in", execute === "integer" ? `integers (${backend.integerProduct})` : undefined],
    ["pruning", pruning && describePlan(pruning)],
    ["calibrated on", calibration && describeText(calibration)],
    ["", calibration && describeDraw(calibration)],
    ["tested on", describeText(text)],
    ["start token", describeStartToken(text.startToken)],
    ["scored", describeScored(report)],
    ["baseline", result.survivors.ratio && baselineName(report.stored)],
    ...describeReadings(result, report.method),
    ["speed", describeSpeed(report)],
    ["backend", describeBackend(backend)],
    ["code", `commit ${code.commit ?? "unknown"}, Deno ${code.deno}, TensorFlow.js ${code.tfjs}`],
  ]);
}

/** Lines of a name and what is told of it; those of which nothing is known are left out. */
export function alignedLines(lines: [string, ...(string | undefined)[]][]): string {
  const told = lines.filter(([, value]) => value !== undefined);
  const width = Math.max(20, ...told.map(([key]) => key.length + 1));
  return told
    .map(([key, ...values]) =>
      [key.padEnd(width), ...values.map((each) => each!.padEnd(23) + "  ")].join("")
    )
    .map((line) => line.trimEnd())
    .join("\n");
}

function describeModel({ model, hub, weights }: PerplexityReport): string {
  const commit = hub ? `commit ${shortDigest(hub.commit)}, ` : "";
  return `${model} (${commit}weights ${shortDigest(weights)})`;
}

function describeActivationBits({ activationBits }: PerplexityReport): string | undefined {
  return activationBits === undefined
    ? undefined
    : `${activationBits.toFixed(2)} bits per activation, as counted`;
}

function describeSpeed({ tokensPerSecond, windows }: PerplexityReport): string {
  const when = windows > 1 ? "after the first window" : "warm-up included";
  return `${Math.round(tokensPerSecond)} tokens/s ${when}`;
}

/** `Q4_1, Q6_K, 5.02 bits per weight of the linear maps, all counted`. */
export function describeStorage({ forms, bitsPerWeight }: Storage): string {
  return `${forms.join(", ")}: ${bitsPerWeight.toFixed(2)} bits per weight of the linear maps, ` +
    "all counted";
}

function describeScored({ result, windows, windowsInText, window }: PerplexityReport): string {
  const isLimited = windows < windowsInText;
  const limit = isLimited ? `, the first of ${windowsInText} by --windows ${windows}` : "";
  const tokens = counted(result.survivors.scored, "token");
  return `${tokens} in ${counted(windows, "window")} of ${window}${limit}`;
}

/** Lines of cells below a first column. */
type Lines = [name: string, ...cells: string[]][];

/** A line per reading; two, under headings, where they are compared with the baseline. */
function describeReadings(result: Readings, method: string): Lines {
  const { survivors, denseOnSurvivors, allPositions } = result;
  const isCompared = survivors.ratio !== undefined;
  const rows: [string, Reading?][] = [
    [denseOnSurvivors ? "survivors" : isCompared ? method : "perplexity", survivors],
    ["dense on survivors", denseOnSurvivors],
    ["all positions", allPositions],
  ];
  const lines = (cells: (reading: Reading) => string[]): Lines =>
    rows.flatMap(([name, reading]): Lines => reading ? [[name, ...cells(reading)]] : []);
  if (!isCompared) return lines(({ perplexity }) => [withLevel(perplexity)]);
  return [
    ["", "perplexity (95 %)", "over baseline (95 %)", "same top token (95 %)"],
    ...lines(({ perplexity, ratio, agreement }) => [
      formatEstimate(perplexity, 4),
      formatEstimate(ratio!, 4),
      `${formatEstimate(mapEstimate(agreement!, (share) => 100 * share), 1)} %`,
    ]),
    ["KL divergence, nats", "mean (95 %)", columns(["median", "95 %", "99 %", "greatest"])],
    ...lines(({ divergence, divergencePercentiles }) => {
      const { p50, p95, p99, max } = divergencePercentiles!;
      const percentiles = [p50, p95, p99, max].map((value) => value.toFixed(4));
      return [formatEstimate(divergence!, 4), columns(percentiles)];
    }),
  ];
}

function withLevel(estimate: Estimate): string {
  return formatEstimate(estimate, 4) + (estimate.low === undefined ? "" : " (95 %)");
}

function columns(cells: string[]): string {
  return cells.map((cell) => cell.padEnd(9)).join("");
}

/** Settings by their names, as they are. */
function describeSettings(settings: object | undefined): string | undefined {
  if (!settings) return undefined;
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

/** With an allocation `bits` stand there. */
function describeOwnSettings(
  settings: MethodSettings[AllocatedPart],
): string | undefined {
  if (!settings?.allocation) return describeSettings(settings);
  const { bits: _bits, allocation: _allocation, ...others } = settings;
  return describeSettings(others);
}

/** How many bits each kind of linear map has on average over the layers, and what that costs. */
export function describeAllocation(
  { allocation, allocated }: Pick<PerplexityReport, "allocation" | "allocated">,
): string | undefined {
  return allocation && describeBits(allocation, "weights", allocated?.weights);
}

/** How many bits the values at each site have. */
function describeSiteAllocation(
  { activationAllocation: allocation, allocated }: PerplexityReport,
): string | undefined {
  return allocation && describeBits(allocation, "activations", allocated?.activations);
}

function describeBits(
  allocation: BitAllocation<string>,
  part: AllocatedPart,
  found?: Pick<AllocatedBits, "budget" | "divergence">,
): string {
  const averages = Object.keys(allocation[0]).map((name) =>
    `${name} ${mean(allocation.map((layer) => layer[name]!)).toFixed(1)}`
  );
  const where = `${averages.join(", ")} bits on average over layers`;
  if (!found) return where;
  return `${where}; within ${found.budget} ${allocatedWords[part].unit}, divergence ` +
    `${found.divergence.toFixed(4)} by sensitivities`;
}

function describePlan({ beta, layers, positions }: PruningPlan): string {
  const where = `layer${layers.length > 1 ? "s" : ""} ${layers.join(", ")}`;
  const numbered = positions === "renumber" ? "renumbered" : "kept";
  return `${beta} of the tokens in ${where}, positions ${numbered}`;
}

function describeText({ source, sha256, tokens, publishedTokens }: TextRead): string {
  const published = tokens === publishedTokens ? ", as published" : "";
  return `${source} (sha256 ${shortDigest(sha256)}, ${counted(tokens, "token")}${published})`;
}

function describeDraw(plan: CalibrationPlan): string {
  const { weightWindows, activationWindows, window, seed } = plan;
  const first = Math.min(weightWindows, activationWindows);
  const used = first > 0 ? `, the first ${first} for activations` : "";
  return `${counted(weightWindows, "window")} of ${window}${used}, seed ${seed}`;
}

function describeBackend({ backend, matrixProduct, instructions, threads }: BackendInfo): string {
  const parts = [backend, matrixProduct, instructions];
  return `${parts.filter(Boolean).join(", ")}, ${counted(threads, "thread")}`;
}
