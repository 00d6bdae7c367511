/** `deno task perplexity`: the perplexity of one model on one text with one method. */
import { tokenizeSplit } from "../experiments/encyclopedia.ts";
import { pruningFor } from "../experiments/pruning_plan.ts";
import { type Estimate, refuse, require } from "../lib/core/mod.ts";
import {
  drawWindows,
  perplexity,
  type PerplexityResult,
  windowStartToken,
} from "../lib/eval/mod.ts";
import { loadTokenizer, readJson, readText } from "../lib/io/mod.ts";
import {
  type Calibration,
  methodOf,
  methods,
  quantizedForward,
  quantizeWeights,
} from "../lib/methods/mod.ts";
import { loadModel, type Model } from "../lib/model/mod.ts";
import type { Profile } from "../lib/quant/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { integerOption, listOption, main, numberOption, type Session } from "./command_line.ts";

interface Options {
  model: string;
  text?: string;
  ids?: string;
  window?: number;
  method: string;
  profile: string;
  prune?: number;
  pruneLayers?: number[];
  positions: string;
  calibration?: string;
  calibrationWindows: number;
  seed: number;
  json?: boolean;
}

await main((program, session) =>
  program.name("perplexity")
    .description("Perplexity of a model in Hugging Face layout, by the protocol of GPTQ.")
    .requiredOption("--model <folder>", "config.json, *.safetensors, tokenizer.json")
    .option("--text <file>", "plain text; needs tokenizer.json")
    .option("--ids <file>", "JSON array of token ids, taken as they are")
    .option(
      "--window <tokens>",
      "tokens per window (default: the longest the model allows, at most 2048)",
      integerOption("--window", 2),
    )
    .option("--method <name>", Object.keys(methods).join(", "), "fp16")
    .option("--profile <name>", "paper or released: whose reading of the quantizers", "paper")
    .option(
      "--prune <ratio>",
      "share of the tokens pruned at the end",
      numberOption("--prune", 0, 1),
    )
    .option(
      "--prune-layers <list>",
      "pruning layers, counted from 0, such as 2,4",
      listOption("--prune-layers", integerOption("--prune-layers", 0)),
    )
    .option("--positions <mode>", "renumber or keep the survivors' positions", "renumber")
    .option("--calibration <file>", "text, or ids if it ends in .json (default: the encyclopedia)")
    .option(
      "--calibration-windows <count>",
      "windows for GPTQ; activations take the first ten",
      integerOption("--calibration-windows", 1),
      128,
    )
    .option("--seed <number>", "of the calibration windows", integerOption("--seed", 0), 0)
    .option("--json", "print the result as JSON")
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  const method = methodOf(options.method);
  const profile = oneOf("--profile", options.profile, ["paper", "released"] as const);
  const positions = oneOf("--positions", options.positions, ["renumber", "keep"] as const);
  const { prune: beta, pruneLayers: layers } = options;
  require(
    (beta === undefined) === (layers === undefined),
    "read the command line",
    "--prune and --prune-layers go together",
  );
  require(
    (options.text === undefined) !== (options.ids === undefined),
    "read the command line",
    "give either --text or --ids",
  );
  const backend = await useBackend("agile");
  const full = await loadModel(options.model);
  const ids = options.ids !== undefined
    ? await readIds(options.ids)
    : await encodeText(options.model, options.text!);
  const window = options.window ?? Math.min(full.architecture.maxPositions, 2048);
  const pruning = beta === undefined
    ? undefined
    : pruningFor(full, { beta, layers: layers!, positions });
  const needsCalibration = method.weights.kind === "gptq" || method.activations !== undefined;
  const calibration = needsCalibration ? await calibrate(full, options, window) : undefined;

  const model = await quantizeWeights(full, method, () => calibration!, session.progress);
  const forward = quantizedForward(model, method, profile, () => calibration!, pruning);
  const result = await perplexity(model, ids, { window, ...forward, ...session });
  const report = {
    model: options.model,
    method: options.method,
    profile: method.activations ? profile : undefined,
    window,
    ...result,
    matrixProduct: backend.matrixProduct,
  };
  console.log(options.json ? JSON.stringify(report, null, 2) : describe(full, report));
}

async function readIds(path: string): Promise<Int32Array> {
  const ids = await readJson(path);
  const valid = Array.isArray(ids) && ids.every((id) => Number.isInteger(id));
  require(valid, `read ${path}`, "it must be a JSON array of token ids");
  return Int32Array.from(ids);
}

async function encodeText(model: string, path: string): Promise<Int32Array> {
  const text = await readText(path);
  return (await loadTokenizer(model)).encode(text);
}

/** Calibration windows from the given file, or from the encyclopedia. */
async function calibrate(model: Model, options: Options, window: number): Promise<Calibration> {
  const ids = options.calibration === undefined
    ? (await tokenizeSplit("calibration", await loadTokenizer(options.model))).ids
    : options.calibration.endsWith(".json")
    ? await readIds(options.calibration)
    : await encodeText(options.model, options.calibration);
  const weightWindows = drawWindows(ids, {
    window,
    startToken: windowStartToken(model),
    count: options.calibrationWindows,
    seed: options.seed,
  });
  return { weightWindows, activationWindows: weightWindows.slice(0, 10) };
}

function describe(
  model: Model,
  result: PerplexityResult & { method: string; profile?: Profile; matrixProduct: string },
): string {
  const method = result.profile ? `${result.method} (profile ${result.profile})` : result.method;
  const lines = [
    ["model", `${model.name} (${model.architecture.family})`],
    ["method", method],
    ["perplexity", interval(result.perplexity)],
    ...result.allPositions ? [["all positions", interval(result.allPositions)]] : [],
    ["scored", `${result.scored} tokens in ${result.windows} windows`],
    ["speed", `${Math.round(result.tokensPerSecond)} tokens/s (${result.matrixProduct})`],
  ];
  return lines.map(([key, value]) => `${key.padEnd(15)}${value}`).join("\n");
}

function interval({ value, low, high }: Estimate): string {
  const range = low === undefined ? "" : ` [${low.toFixed(4)}, ${high!.toFixed(4)}] (95 %)`;
  return value.toFixed(4) + range;
}

function oneOf<Choice extends string>(flag: string, value: string, choices: readonly Choice[]) {
  const found = choices.find((choice) => choice === value);
  return found ?? refuse("read the command line", `${flag} must be ${choices.join(" or ")}`, value);
}
