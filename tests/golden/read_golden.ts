/** One tensor of a golden file. */
export interface GoldenTensor {
  shape: number[];
  dtype: string;
  data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

const views = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array };

/**
 * Reads a safetensors file of golden vectors: eight bytes of header length (little endian), the
 * header in JSON, the data. This reader is the tests' own, so that they do not lean on `lib/io`.
 *
 * @param path Path below `tests/golden`, e.g. `quant/b_log2.safetensors`.
 */
export function readGolden(path: string): { tensors: Map<string, GoldenTensor> } {
  const bytes = Deno.readFileSync(new URL(path, import.meta.url));
  const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart)));
  delete header.__metadata__;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries<Record<string, unknown>>(header)) {
    const [start, end] = entry.data_offsets as [number, number];
    const dtype = entry.dtype as keyof typeof views;
    const data = new views[dtype](bytes.slice(dataStart + start, dataStart + end).buffer);
    tensors.set(name, { shape: entry.shape as number[], dtype, data });
  }
  return { tensors };
}
