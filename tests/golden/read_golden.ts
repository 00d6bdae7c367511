/** One tensor of a golden file. */
export interface GoldenTensor {
  shape: number[];
  dtype: string;
  /** I64 as 32-bit integers. */
  data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

const decoders = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F16: (bytes: ArrayBuffer) => Float32Array.from(new Float16Array(bytes)),
  F64: (bytes: ArrayBuffer) => new Float64Array(bytes),
  I32: (bytes: ArrayBuffer) => new Int32Array(bytes),
  I64: (bytes: ArrayBuffer) => Int32Array.from(new BigInt64Array(bytes), Number),
  U8: (bytes: ArrayBuffer) => new Uint8Array(bytes),
};

/**
 * Reads a safetensors file of golden vectors: eight bytes of header length (little endian), the
 * header in JSON, the data. This reader is the tests' own, so that they do not lean on `lib/io`.
 *
 * @param path Path below `tests/golden`, e.g. `quant/b_log2.safetensors`, or an absolute one.
 */
export function readGolden(path: string): { tensors: Map<string, GoldenTensor> } {
  const bytes = Deno.readFileSync(new URL(path, import.meta.url));
  const dataStart = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, dataStart)));
  delete header.__metadata__;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries<Record<string, unknown>>(header)) {
    const [start, end] = entry.data_offsets as [number, number];
    const dtype = entry.dtype as keyof typeof decoders;
    const data = decoders[dtype](bytes.slice(dataStart + start, dataStart + end).buffer);
    tensors.set(name, { shape: entry.shape as number[], dtype, data });
  }
  return { tensors };
}
