/** `deno task generate`: continues a prompt and times it. */
import { quantizedModel } from "../experiments/measure/quantized.ts";
import { counted, median } from "../lib/core/mod.ts";
import {
  encodePrompt,
  generate,
  type GenerateOptions,
  loadEndTokens,
  requireRoom,
  TextStream,
} from "../lib/generate/mod.ts";
import { loadTokenizer } from "../lib/io/mod.ts";
import {
  type Execution,
  executions,
  methodOf,
  methods,
  rehearse,
  requireExecution,
} from "../lib/methods/mod.ts";
import {
  type CachePrecision,
  loadModel,
  type OpenModel,
  openModel,
  readArchitecture,
} from "../lib/model/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import {
  choiceOption,
  integerOption,
  main,
  numberOption,
  printWarnings,
  type Session,
} from "./command_line.ts";
import { findModel, type ModelArgument, modelForms, modelOption } from "./model_argument.ts";
import { addSettingsOption, changeSettings, type SettingsOption } from "./settings_option.ts";
import { writeText } from "./standard_output.ts";

interface Options extends SettingsOption {
  model: ModelArgument;
  prompt: string;
  tokens: number;
  temperature: number;
  topK?: number;
  seed: number;
  method: string;
  execute: Execution;
  cache?: CachePrecision;
}

await main((program, session) =>
  addSettingsOption(program.name("generate"))
    .description("Continues a prompt on standard output; speeds go to standard error.")
    .requiredOption("--model <model>", modelForms, modelOption("--model"))
    .requiredOption("--prompt <text>", "what the text starts with")
    .option("--tokens <count>", "how many at most", integerOption("--tokens", 1), 100)
    .option(
      "--temperature <number>",
      "0 takes the most likely token, 1 draws from the model's distribution",
      numberOption("--temperature", 0),
      0,
    )
    .option(
      "--top-k <count>",
      "draw from this many most likely tokens (default: all)",
      integerOption("--top-k", 1),
    )
    .option("--seed <number>", "of the draws", integerOption("--seed", 0, 2 ** 32 - 1), 0)
    .option(
      "--method <name>",
      `${Object.keys(methods).join(", ")}; calibrated on the built-in encyclopedia`,
      "fp16",
    )
    .option(
      "--execute <how>",
      "emulate: dequantized floats, or integer: integer products in the linear maps",
      choiceOption("--execute", executions),
      "emulate",
    )
    .option(
      "--cache <precision>",
      "float32 or int8 keys and values (default: as the method keeps them, else float32)",
      choiceOption("--cache", ["float32", "int8"]),
    )
    .action((options: Options) => run(options, session))
);

async function run(options: Options, session: Session): Promise<void> {
  const { tokens: count, temperature, topK, seed, execute } = options;
  const method = changeSettings(methodOf(options.method), options.method, options);
  await useBackend("agile");
  const folder = await findModel(options.model, session);
  const described = await readArchitecture(folder);
  const { storedCodes } = described;
  requireExecution(method, described.architecture, { execute, storedCodes, cached: true });
  rehearse(method.passes(described.architecture), described.architecture);
  const tokenizer = await loadTokenizer(folder);
  const endTokens = await loadEndTokens(folder);
  const prompt = encodePrompt(described, tokenizer, options.prompt);
  requireRoom(described, prompt, count);
  const full = await loadModel(folder, session);
  printWarnings(full.warnings);
  const quantized = await quantizedModel(full, tokenizer, method, session, execute);
  const { forward } = quantized;
  using model = await openModel(quantized.model);

  const { signal } = session;
  const { cache = forward.cache } = options;
  const settings = { ...forward, temperature, topK, seed, cache, signal };
  warmUp(model, prompt, { ...settings, tokens: Math.min(2, count) });
  const stream = new TextStream(tokenizer, prompt);
  const seconds: number[] = [];
  try {
    let started = performance.now();
    for (const token of generate(model, prompt, { ...settings, tokens: count, endTokens })) {
      seconds.push((performance.now() - started) / 1000);
      await writeText(stream.push(token));
      started = performance.now();
    }
  } catch (error) {
    const isStopped = signal.aborted && error === signal.reason;
    if (!isStopped || seconds.length === 0) throw error;
  }
  await writeText(`${stream.end()}\n`);
  if (seconds.length > 0) console.error(describeSpeed(prompt.length, seconds));
  signal.throwIfAborted(); // the text is not all that was asked for
}

/** Runs a few tokens, so that no figure counts what only the first pass of a process takes. */
function warmUp(model: OpenModel, prompt: Int32Array, options: GenerateOptions): void {
  for (const _token of generate(model, prompt.subarray(0, 16), options));
}

/** @param seconds Of the step that ran the prompt, then of each that ran one token. */
function describeSpeed(promptTokens: number, [prefill, ...steps]: number[]): string {
  const rate = (tokens: number, time: number) => `${(tokens / time).toFixed(1)} tokens/s`;
  const total = steps.reduce((sum, each) => sum + each, 0);
  const lines = [`prefill: ${counted(promptTokens, "token")}, ${rate(promptTokens, prefill)}`];
  if (steps.length > 0) {
    const latency = `median ${(1000 * median(steps)).toFixed(2)} ms per token`;
    lines.push(
      `decode: ${counted(steps.length, "token")}, ${rate(steps.length, total)}, ${latency}`,
    );
  }
  return [...lines, "(measured after a warm-up)"].join("\n");
}
