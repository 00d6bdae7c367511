/**
 * Peer: onnxruntime-node's products on the processor. It runs with the packages of onnxruntime.json:
 * their 100 MB are fetched for this peer alone, and only for it.
 */
import versions from "./onnxruntime.json" with { type: "json" };
import { serve } from "../harness/serve.ts";
import { time } from "../harness/turn.ts";
import type { ProductJob } from "../jobs/product.ts";
import { onnxModel, type ProductNode } from "./onnx_model.ts";

/** What is used of onnxruntime-node. */
interface OnnxRuntime {
  InferenceSession: {
    create(model: Uint8Array, options: { intraOpNumThreads: number }): Promise<Session>;
  };
  Tensor: new (type: "float32", values: Float32Array, shape: number[]) => unknown;
}

interface Session {
  run(inputs: Record<string, unknown>): Promise<unknown>;
  release(): Promise<void>;
}

const packageName = "onnxruntime-node";
const { InferenceSession, Tensor }: OnnxRuntime = await import(packageName);
const threads = Number(Deno.args[0]);
const library = versions.imports[packageName].replace("npm:", "").replace("@", " ");

/** Codes of a 4-bit block that share a scale. */
const blockSize = 128;

/** The same layers as those of `jobs/product.ts`, in onnxruntime's operators. */
const nodes: Record<ProductJob["numbers"], (columns: number, outputs: number) => ProductNode> = {
  float32: (columns, outputs) => ({
    operator: "MatMul",
    constants: [{ shape: [columns, outputs], values: randomFloats(columns * outputs) }],
  }),
  // Finds one scale for the activations at every call; one scale per output.
  int8: (columns, outputs) => ({
    operator: "DynamicQuantizeMatMul",
    domain: "com.microsoft",
    constants: [
      { shape: [columns, outputs], values: Int8Array.from(randomBytes(columns * outputs)) },
      { shape: [outputs], values: new Float32Array(outputs).fill(1 / 255) },
      { shape: [outputs], values: new Int8Array(outputs) },
    ],
  }),
  // accuracy_level 4: activations are quantized to eight bits, block by block.
  int4: (columns, outputs) => ({
    operator: "MatMulNBits",
    domain: "com.microsoft",
    attributes: { K: columns, N: outputs, bits: 4, block_size: blockSize, accuracy_level: 4 },
    constants: [
      {
        shape: [outputs, columns / blockSize, blockSize / 2],
        values: randomBytes(columns * outputs / 2),
      },
      {
        shape: [outputs * columns / blockSize],
        values: new Float32Array(outputs * columns / blockSize).fill(1 / 15),
      },
    ],
  }),
};

/** Bytes that look random and are the same in every run (a linear congruential generator). */
let state = 1;
const period = Uint8Array.from({ length: 65521 }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state >>> 24;
});

await serve({ library, level: "native", threads }, async (job, scope) => {
  const { rows, columns, outputs, numbers } = job as unknown as ProductJob;
  const session = await scope.share(`${numbers} ${columns} ${outputs}`, async () => {
    const model = onnxModel(nodes[numbers](columns, outputs), [columns, outputs]);
    const session = await InferenceSession.create(model, { intraOpNumThreads: threads });
    scope.onEnd(() => void session.release());
    return session;
  });
  const a = new Tensor("float32", randomFloats(rows * columns), [rows, columns]);
  return async () => ({ time: await time(() => session.run({ a })) });
});

function randomFloats(length: number): Float32Array {
  const floats = Float32Array.from(period, (byte) => byte / 255 - 0.5);
  return repeat(floats, new Float32Array(length));
}

function randomBytes(length: number): Uint8Array {
  return repeat(period, new Uint8Array(length));
}

/** Fills an array with a period of numbers, over and over. */
function repeat<Numbers extends Uint8Array | Float32Array>(
  numbers: Numbers,
  into: Numbers,
): Numbers {
  for (let start = 0; start < into.length; start += numbers.length) {
    into.set(numbers.subarray(0, into.length - start), start);
  }
  return into;
}
