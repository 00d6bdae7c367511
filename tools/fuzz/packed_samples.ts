import { seededRandom } from "../../lib/core/mod.ts";
import type { TensorToWrite } from "../../lib/io/mod.ts";

/** A linear map as GPTQ or AWQ packs it, and what its checkpoint says of that. */
export interface SamplePacking {
  tensors: TensorToWrite[];
  settings: Record<string, unknown>;
}

/** Every width, in both versions of GPTQ's format and in AWQ's; codes cross words and words are not full. */
export const samplePackings: readonly SamplePacking[] = [
  ...[2, 3, 4, 8].flatMap((bits) => [
    gptq({ bits, rows: 8, columns: 32, groupSize: 8, order: false, format: "gptq" }),
    gptq({ bits, rows: 5, columns: 11, groupSize: 4, order: true, format: "gptq_v2" }),
  ]),
  awq(16, 8, 4),
  awq(11, 6, 6),
];

/** A map as GPTQ packs it. */
export function gptq(
  { prefix = "a.", bits, rows, columns, groupSize, order, format }: {
    prefix?: string;
    bits: number;
    rows: number;
    columns: number;
    groupSize: number;
    order: boolean;
    format: string;
  },
): SamplePacking {
  const groups = Math.ceil(columns / groupSize);
  const words = (codes: number) => Math.ceil(codes * bits / 32);
  const index = Int32Array.from({ length: columns }, (_, column) => column % groups);
  const group_size = groupSize;
  return {
    tensors: [
      integers(`${prefix}qweight`, [words(columns), rows]),
      integers(`${prefix}qzeros`, [groups, words(rows)]),
      scales(`${prefix}scales`, [groups, rows]),
      ...order
        ? [{ name: `${prefix}g_idx`, dtype: "I32" as const, shape: [columns], data: index }]
        : [],
    ],
    settings: {
      quant_method: "gptq",
      bits,
      group_size,
      desc_act: order,
      checkpoint_format: format,
    },
  };
}

function awq(rows: number, columns: number, groupSize: number): SamplePacking {
  const groups = Math.ceil(columns / groupSize);
  const words = Math.ceil(rows / 8);
  return {
    tensors: [
      integers("a.qweight", [columns, words]),
      integers("a.qzeros", [groups, words]),
      scales("a.scales", [groups, rows]),
    ],
    settings: { quant_method: "awq", bits: 4, group_size: groupSize, version: "gemm" },
  };
}

/** Any words, the same for the same name. */
function integers(name: string, shape: number[]): TensorToWrite {
  const random = seededRandom(name.length);
  const data = Int32Array.from(
    { length: shape[0] * shape[1] },
    () => random.integer(-(2 ** 30), 2 ** 30),
  );
  return { name, dtype: "I32", shape, data };
}

function scales(name: string, shape: number[]): TensorToWrite {
  const random = seededRandom(name.length);
  const data = Float32Array.from(
    { length: shape[0] * shape[1] },
    () => random.integer(-99, 99) / 64,
  );
  return { name, dtype: "F16", shape, data };
}
