import { refuse } from "../core/mod.ts";
import { type FloatMatrix, floatMatrix, type RowMatrix, type StoredMatrix } from "../format/mod.ts";
import {
  type Checkpoint,
  type CheckpointTensor,
  type GgufFile,
  isReadableType,
} from "../io/mod.ts";
import type { ConfigReader } from "./config_reader.ts";

/** What Transformers calls the modules that GGUF names so. */
const outerNames: Readonly<Record<string, string>> = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
};
const innerNames: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** Tensors that the configuration is read from. */
const configuring = ["rope_freqs.weight"];

/**
 * The weights of a GGUF file under Transformers' names and, of LLaMA, with the rows of its queries and keys in
 * Transformers' order: in the file those that are rotated together are neighbours.
 */
export class GgufCheckpoint implements Checkpoint {
  readonly path: string;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  readonly unlisted: readonly string[];
  readonly #names: ReadonlyMap<string, string>;

  /** @param config Of the same file. */
  constructor(private readonly file: GgufFile, private readonly config: ConfigReader) {
    this.path = file.path;
    this.files = [file.path];
    const names = [...file.tensors.keys()].map((name) => [transformersName(name), name] as const);
    this.#names = new Map(names.flatMap(([own, name]) => own === undefined ? [] : [[own, name]]));
    this.unlisted = names.filter(([own, name]) => own === undefined && !configuring.includes(name))
      .map(([, name]) => name);
    this.tensors = new Map(
      [...this.#names].map(([own, name]) => {
        const { dtype, shape, byteLength } = file.tensors.get(name)!;
        return [own, { dtype, shape, byteLength, readable: isReadableType(dtype) }];
      }),
    );
  }

  async readMatrix(name: string): Promise<RowMatrix> {
    const stored = this.#stored(name);
    const matrix = await this.file.readMatrix(stored);
    const order = this.#rowOrder(stored);
    if (!order) return matrix;
    return stored.endsWith(".bias") ? takeElements(matrix, order) : matrix.takeRows(order);
  }

  onDisk(name: string): StoredMatrix | undefined {
    const stored = this.#stored(name);
    return this.#rowOrder(stored) ? undefined : this.file.onDisk(stored);
  }

  #stored(name: string): string {
    return this.#names.get(name) ?? refuse(`read ${name} of ${this.path}`, "the file must have it");
  }

  /** Where in the file the rows of a tensor lie, if not in order. */
  #rowOrder(stored: string): Int32Array | undefined {
    if (this.file.metadata.get("general.architecture") !== "llama") return undefined;
    const headDim = this.config.count("head_dim");
    const [, , module] = stored.split(".");
    if (module === "attn_q") return pairedRows(this.config.count("num_attention_heads"), headDim);
    if (module === "attn_k") return pairedRows(this.config.count("num_key_value_heads"), headDim);
    return undefined;
  }
}

/**
 * The places of the rows of queries or keys in a file where the two that a rotation takes together are
 * neighbours; in their own order half a head lies between them.
 */
export function pairedRows(heads: number, headDim: number): Int32Array {
  const half = headDim / 2;
  return Int32Array.from({ length: heads * headDim }, (_, row) => {
    const within = row % headDim;
    return row - within + 2 * (within % half) + Math.floor(within / half);
  });
}

/** The elements of a vector in another order. */
function takeElements(vector: RowMatrix, order: Int32Array): RowMatrix {
  const { dtype, data } = vector as FloatMatrix;
  const taken = floatMatrix(dtype, data, data.length, 1).takeRows(order).data;
  return floatMatrix(dtype, taken, 1, taken.length);
}

function transformersName(name: string): string | undefined {
  const match = name.match(/^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/);
  if (!match) return undefined;
  const [, layer, module, kind] = match;
  const names = layer === undefined ? outerNames : innerNames;
  if (!Object.hasOwn(names, module)) return undefined;
  return `${layer === undefined ? "" : `model.layers.${layer}.`}${names[module]}.${kind}`;
}
