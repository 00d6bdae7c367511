/**
 * Peer: llama.cpp on the processor, by the prebuilt library of node-llama-cpp. It runs with the
 * packages of llama_cpp.json: they are fetched for this peer alone, without those for graphics cards.
 * Argument: threads.
 */
import process from "node:process";
import versions from "./llama_cpp.json" with { type: "json" };
import { type Scope, serve } from "../harness/serve.ts";
import type { Turn } from "../harness/turn.ts";
import { llamaModel, type LlamaShape, type LlamaStorage } from "./llama_model.ts";

/** What is used of node-llama-cpp. */
interface NodeLlamaCpp {
  getLlama(options: { gpu: false; build: "never"; maxThreads: number }): Promise<Llama>;
}

interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
}

interface LlamaModel {
  createContext(
    options: { contextSize: number; threads: number; flashAttention: boolean },
  ): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
  dispose(): Promise<void>;
}

interface Sequence {
  clearHistory(): Promise<void>;
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: number[]): Promise<void>;
  evaluate(
    tokens: number[],
    options: { temperature: number; yieldEogToken: boolean },
  ): AsyncGenerator<number>;
}

/** A window without its losses, or one more token of a text with its logits. */
interface LlamaJob {
  kind: "prefill" | "step";
  /** The model of OPT is a LLaMA of its size. */
  model: keyof typeof shapes;
  execution: LlamaStorage;
  /** Of the window, or in the cache. */
  tokens: number;
}

const shapes = {
  "OPT-125M": {
    ...{ layers: 12, hiddenSize: 768, intermediateSize: 2048, heads: 12, keyValueHeads: 12 },
    vocabularySize: 50272,
  },
  "SmolLM2-135M": {
    ...{ layers: 30, hiddenSize: 576, intermediateSize: 1536, heads: 9, keyValueHeads: 3 },
    vocabularySize: 49152,
  },
} satisfies Record<string, LlamaShape>;

/** Tokens of a turn that continues a text. */
const stepsPerTurn = 16;

const contextSize = 2048 + 2 * stepsPerTurn;

const threads = Number(Deno.args[0]);
const packageName = "node-llama-cpp";
const library = versions.imports[packageName].replace("npm:", "").replace("@", " ");

process.stdout.write = process.stderr.write.bind(process.stderr); // answers alone go there
const { getLlama }: NodeLlamaCpp = await import(packageName);
const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads });

await serve({ library, level: "native", threads }, async (job, scope) => {
  const { kind, model: name, execution, tokens } = job as unknown as LlamaJob;
  const model = await scope.share(`${name} ${execution}`, () => open(name, execution, scope));
  const context = await model.createContext({ contextSize, threads, flashAttention: true });
  scope.onEnd(() => void context.dispose());
  const sequence = context.getSequence();
  return kind === "prefill" ? prefill(sequence, tokens) : await step(sequence, tokens);
});

async function open(name: LlamaJob["model"], storage: LlamaStorage, scope: Scope) {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  try {
    await Deno.writeFile(path, ReadableStream.from(llamaModel(shapes[name], storage, contextSize)));
    const model = await llama.loadModel({ modelPath: path });
    scope.onEnd(() => void model.dispose());
    return model;
  } finally {
    await Deno.remove(path); // the library keeps the file open
  }
}

function prefill(sequence: Sequence, tokens: number): Turn {
  const ids = idsOf(tokens);
  return async () => {
    await sequence.clearHistory();
    const start = performance.now();
    await sequence.evaluateWithoutGeneratingNewTokens(ids);
    return { time: performance.now() - start };
  };
}

async function step(sequence: Sequence, tokens: number): Promise<Turn> {
  const before = tokens - stepsPerTurn;
  await sequence.evaluateWithoutGeneratingNewTokens(idsOf(before));
  return async () => {
    const generated = sequence.evaluate([300], { temperature: 0, yieldEogToken: true });
    await generated.next(); // which evaluates the token above
    const start = performance.now();
    for (let i = 0; i < stepsPerTurn; i++) await generated.next();
    const time = (performance.now() - start) / stepsPerTurn;
    await generated.return(undefined);
    await sequence.eraseContextTokenRanges([{ start: before, end: contextSize }]);
    return { time };
  };
}

/** Token ids that look random, behind those of bytes. */
function idsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 300 + (i * 7919) % 40000);
}
