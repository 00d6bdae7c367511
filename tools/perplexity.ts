/** `deno task perplexity`: the perplexity of one model on one text with one method. */
import { drawCalibration } from "../experiments/calibration.ts";
import { pruningFor, type PruningPlan } from "../experiments/pruning_plan.ts";
import { takeReadings } from "../experiments/readings.ts";
import {
  fileSource,
  tokenReader,
  type TokenSource,
  type TokenText,
} from "../experiments/token_source.ts";
import { encodeJson, require } from "../lib/core/mod.ts";
import { cutWindows } from "../lib/eval/mod.ts";
import {
  type Calibration,
  executeMethod,
  type Execution,
  executions,
  methodOf,
  methods,
  needsCalibration,
  quantizeWeights,
  requireExecution,
} from "../lib/methods/mod.ts";
import {
  disposeModel,
  loadModel,
  type StartTokenPlace,
  startTokenPlaces,
} from "../lib/model/mod.ts";
import type { Profile } from "../lib/quant/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  main,
  numberOption,
  pathOption,
  type Session,
} from "./command_line.ts";
import { describeReport, type PerplexityReport } from "./perplexity_report.ts";

interface Options {
  model: string;
  text?: string;
  ids?: string;
  window?: number;
  startToken?: StartTokenPlace;
  method: string;
  profile: Profile;
  execute: Execution;
  prune?: number;
  pruneLayers?: number[];
  positions: PruningPlan["positions"];
  calibration?: string;
  calibrationWindows: number;
  seed: number;
  json?: boolean;
}

/** The released code calibrates activations on as many windows. */
const activationWindows = 10;

await main((program, session) =>
  program.name("perplexity")
    .description("Perplexity of a model in Hugging Face layout, by the protocol of GPTQ.")
    .requiredOption(
      "--model <folder>",
      "config.json, *.safetensors, tokenizer.json",
      pathOption("--model"),
    )
    .option("--text <file>", "plain text; needs tokenizer.json", pathOption("--text"))
    .option("--ids <file>", "JSON array of token ids, taken as they are", pathOption("--ids"))
    .option(
      "--window <tokens>",
      "tokens per window (default: the longest the model allows, at most 2048)",
      integerOption("--window", 2),
    )
    .option(
      "--start-token <place>",
      "none, once in front of the text, or in every window (default: in every window where the " +
        "model was trained so, else once where the tokenizer adds one; none in front of --ids)",
      choiceOption("--start-token", startTokenPlaces),
    )
    .option("--method <name>", Object.keys(methods).join(", "), "fp16")
    .option(
      "--profile <name>",
      "paper or released: whose reading of the quantizers",
      choiceOption("--profile", ["paper", "released"]),
      "paper",
    )
    .option(
      "--execute <how>",
      "emulate: dequantized floats, or integer: integer products in the linear maps",
      choiceOption("--execute", executions),
      "emulate",
    )
    .option(
      "--prune <ratio>",
      "share of the tokens pruned at the end, below 1",
      numberOption("--prune", 0, 1),
    )
    .option(
      "--prune-layers <list>",
      "pruning layers, counted from 0, such as 2,4",
      listOption("--prune-layers", integerOption("--prune-layers", 0)),
    )
    .option(
      "--positions <mode>",
      "renumber or keep the survivors' positions",
      choiceOption("--positions", ["renumber", "keep"]),
      "renumber",
    )
    .option(
      "--calibration <file>",
      "text, or token ids if it ends in .json, for methods that calibrate " +
        "(default: the built-in encyclopedia)",
      pathOption("--calibration"),
    )
    .option(
      "--calibration-windows <count>",
      `windows for GPTQ; activations take the first ${activationWindows}`,
      integerOption("--calibration-windows", 1),
      128,
    )
    .option(
      "--seed <number>",
      "of the draw of calibration windows",
      integerOption("--seed", 0, 2 ** 32 - 1),
      0,
    )
    .option("--json", "print the result as JSON")
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  const method = methodOf(options.method);
  const plan = pruningPlan(options);
  const source = testSource(options);
  const { profile, execute } = options;
  const { matrixProduct, integerProduct } = await useBackend("agile");
  const full = await loadModel(options.model);
  requireExecution(method, profile, full.architecture, { execute });
  const { maxPositions } = full.architecture;
  const { window = Math.min(maxPositions, 2048) } = options;
  const rule = `--window must be at most ${maxPositions} with ${full.name}`;
  require(window <= maxPositions, "read the command line", rule, window);
  const readTokens = tokenReader(full, options.model, options.startToken);
  const test = await readTokens(source);
  const windows = cutWindows(test.ids, { window, startToken: test.startToken });
  const pruning = plan && pruningFor(full, plan);
  const calibration = needsCalibration(method)
    ? await calibrate(readTokens, options, window)
    : undefined;

  const draw = () => calibration!.drawn;
  const quantized = await quantizeWeights(full, method, draw, session.progress, session.signal);
  const { model, forward } = executeMethod(quantized, method, profile, draw, {
    ...{ execute, pruning, release: true },
  });
  disposeModel(full, model);
  const started = performance.now();
  const readings = await takeReadings(model, windows, forward, session);
  const seconds = (performance.now() - started) / 1000;
  const passes = pruning ? 2 : 1;
  const report: PerplexityReport = {
    model: options.model,
    method: options.method,
    profile: method.activations && profile,
    calibration: calibration?.source,
    startToken: test.startToken,
    window,
    windows: windows.length,
    perplexity: readings.survivors.perplexity,
    denseOnSurvivors: readings.denseOnSurvivors?.perplexity,
    allPositions: readings.allPositions?.perplexity,
    scored: readings.survivors.scored,
    seconds,
    tokensPerSecond: passes * windows.length * window / seconds,
    matrixProduct,
    integerProduct: execute === "integer" ? integerProduct : undefined,
  };
  console.log(options.json ? encodeJson(report, 2) : describeReport(report));
}

function testSource({ text, ids }: Options): TokenSource {
  const isOne = (text === undefined) !== (ids === undefined);
  require(isOne, "read the command line", "give either --text or --ids");
  return text === undefined ? { kind: "ids", path: ids! } : { kind: "text", path: text };
}

/** The pruning the command line asks for, if any. */
function pruningPlan({ prune, pruneLayers, positions }: Options): PruningPlan | undefined {
  const action = "read the command line";
  const together = (prune === undefined) === (pruneLayers === undefined);
  require(together, action, "--prune and --prune-layers go together");
  if (prune === undefined) return undefined;
  require(prune < 1, action, "--prune must be below 1", prune);
  return { beta: prune, layers: pruneLayers!, positions };
}

/** Calibration windows from the given file or from the encyclopedia, and where they come from. */
async function calibrate(
  readTokens: (source: TokenSource) => Promise<TokenText>,
  { calibration: path, calibrationWindows, seed }: Options,
  window: number,
): Promise<{ drawn: Calibration; source: string }> {
  const source: TokenSource = path === undefined
    ? { kind: "split", split: "calibration" }
    : fileSource(path);
  const plan = { window, weightWindows: calibrationWindows, activationWindows, seed };
  const text = path ?? "the built-in encyclopedia";
  return {
    drawn: drawCalibration(await readTokens(source), plan),
    source: `${text}: ${calibrationWindows} windows of ${window}, seed ${seed}`,
  };
}
