import { refuse } from "../core/mod.ts";
import { decodeMatrix, firstNonFinite, type RowMatrix, type StoredMatrix } from "../format/mod.ts";
import type { StoredTensor } from "./checkpoint_layout.ts";
import { fusedRows } from "./fused_attention.ts";
import { residentBytes } from "./memory.ts";
import type { Model } from "./model.ts";
import { openPublished, type PublishedModel } from "./published.ts";
import { residentSource } from "./source.ts";
import { streamedSource } from "./streamed_source.ts";
import type { LayerWeights, OuterWeights, StoredModule } from "./weights.ts";

/** How {@linkcode loadModel} goes about it. */
export interface LoadOptions {
  /** Stops between two blocks by throwing its reason. */
  signal?: AbortSignal;
  /** Weights of more bytes are read block by block whenever they are needed; 1 GiB unless given. */
  residentBytes?: number;
}

/**
 * Loads a model from a folder in Hugging Face layout or a GGUF file. Weights stay as they are stored (float64 becomes
 * float32). Every name and shape is checked before the weights are read.
 *
 * Of a large model a block is read each time that it is needed, the next one while it computes; and of its
 * embedding the rows of the tokens, where the file allows that.
 *
 * @param path The folder or file.
 * @returns The model; its `warnings` say what of the checkpoint it does not use.
 * @throws {InputError} As {@linkcode openPublished}, or if an element that is read is not finite. The message
 *   names it.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const published = await openPublished(path);
  const { name, architecture, warnings } = published;
  const { signal, residentBytes: most = residentBytes } = options;
  const isStreamed = storedBytes(published) > most;
  const outer: OuterWeights = await readModules(published, null, { staysOnDisk: isStreamed });
  if (isStreamed) {
    const known = new Set<number>();
    const read = async (layer: number) => {
      const modules = await readModules(published, layer, { isKnown: known.has(layer) });
      known.add(layer);
      return modules;
    };
    return {
      name,
      architecture,
      source: streamedSource(outer, architecture.layers, read),
      warnings,
    };
  }
  const layers: LayerWeights[] = [];
  for (let layer = 0; layer < architecture.layers; layer++) {
    signal?.throwIfAborted();
    layers.push(await readModules(published, layer));
  }
  return { name, architecture, source: residentSource({ outer, layers }), warnings };
}

/** What all parameters of a model take as they are stored, in bytes. */
export function storedBytes({ checkpoint, stored }: PublishedModel): number {
  return stored.reduce((sum, { name }) => sum + checkpoint.tensors.get(name)!.byteLength, 0);
}

/** How {@linkcode readModules} goes about it. */
interface ReadOptions {
  /** Leaves on the disk what can be read row by row. */
  staysOnDisk?: boolean;
  /** Whether all elements have been seen to be finite. */
  isKnown?: boolean;
}

/** The modules of a block, or of what surrounds the blocks. All their tensors are asked for at once. */
export async function readModules(
  { checkpoint, architecture, stored }: Pick<
    PublishedModel,
    "checkpoint" | "architecture" | "stored"
  >,
  layer: number | null,
  { staysOnDisk = false, isKnown = false }: ReadOptions = {},
): Promise<Record<string, StoredModule>> {
  const { heads, headDim } = architecture;
  const own = stored.filter(({ modules }) => modules[0].layer === layer);
  const onDisk = ({ name }: StoredTensor) => staysOnDisk ? checkpoint.onDisk(name) : undefined;
  const matrices = await Promise.all(
    own.map((tensor) => onDisk(tensor) ?? checkpoint.readMatrix(tensor.name)),
  );
  const modules: Record<string, Partial<StoredModule>> = {};
  for (const [index, tensor] of own.entries()) {
    const matrix = matrices[index];
    if (!isKnown) requireFinite(matrix, tensor, `load ${checkpoint.path}`);
    tensor.modules.forEach(({ name }, part) => {
      const rows = tensor.modules.length > 1 ? fusedRows(part, heads, headDim) : undefined;
      const parameter = tensor.kind === "weight"
        ? { weight: rows ? (matrix as RowMatrix).takeRows(rows) : matrix }
        : { bias: takeElements(decodeMatrix(matrix), rows) };
      modules[name] = { ...modules[name], ...parameter };
    });
  }
  return modules as Record<string, StoredModule>;
}

function takeElements(values: Float32Array, order?: Int32Array): Float32Array {
  return order ? Float32Array.from(order, (index) => values[index]) : values;
}

/** Refuses a tensor with NaN or infinity, or a float64 beyond float32, and says where. */
function requireFinite(matrix: StoredMatrix, { name, shape }: StoredTensor, action: string): void {
  const found = firstNonFinite(matrix);
  if (!found) return;
  const { row, column, value } = found;
  const place = shape.length === 1 ? [column] : [row, column];
  refuse(action, `element [${place}] of tensor ${name} must be a finite float32`, value);
}
