import { affineMatrix, type LanePanels } from "../format/mod.ts";
import { requireInt4 } from "./codes.ts";
import type { Int4Options } from "./dot.ts";
import { int4Kernels } from "./kernels.ts";
import { countRows } from "./matmul.ts";
import { packLanes, panelColumns, panelRows } from "./pack_lanes.ts";
import type { PackedWeights } from "./packed_weights.ts";

const pageBytes = 65536;

/**
 * As {@linkcode linearInt4}, bit for bit, by WebAssembly SIMD on one thread. Operands and results are
 * copied to and from the memory of the kernel, which grows to hold the largest product so far.
 *
 * @param activations `[m, columns]`, each 0..15.
 * @param weight From {@linkcode packLanes}, with the grid of these activations.
 * @returns `[m, rows]`.
 * @throws {InputError} If an activation is out of range or a row incomplete.
 */
export function linearInt4Simd(activations: Uint8Array, weight: LanePanels): Float32Array {
  return onKernel(activations, weight, Float32Array, "int4Linear");
}

/**
 * As {@linkcode matmulInt4}, by WebAssembly SIMD on one thread, with sums that spill into 32 bits.
 *
 * @param activations `[m, k]`, each 0..15, for weights of k rows.
 * @returns `[m, columns]`, signed 32-bit sums.
 * @throws {InputError} If an argument is out of range.
 */
export function matmulInt4Simd(
  activations: Uint8Array,
  { rows, columns, pairs, zeroPoint }: PackedWeights,
  { activationZeroPoint = 0 }: Omit<Int4Options, "overflow"> = {},
): Int32Array {
  requireInt4(activationZeroPoint, "multiply INT4", "activationZeroPoint");
  const width = Math.ceil(columns / 2);
  const codes = Uint8Array.from({ length: rows * columns }, (_, index) => {
    const [column, row] = [Math.floor(index / rows), index % rows];
    const pair = pairs[row * width + (column >> 1)];
    return column % 2 === 0 ? pair >> 8 : pair & 15;
  });
  const scale = new Float32Array(columns).fill(1);
  const weight = packLanes(
    affineMatrix({ rows: columns, columns: rows, bits: 4, codes, scale, zeroPoint }),
    { step: 1, zeroPoint: activationZeroPoint, shift: new Uint8Array(rows) },
  );
  return onKernel(activations, weight, Int32Array, "int4Matmul");
}

/** Runs a kernel on activations `[m, columns]`: `[m, rows]`. */
function onKernel<Result extends Float32Array | Int32Array>(
  activations: Uint8Array,
  { rows, columns, order, blocks, table, memory: panels, activationBytes }: LanePanels,
  Result: new (buffer: ArrayBufferLike, address: number, length: number) => Result,
  kernel: "int4Linear" | "int4Matmul",
): Result {
  const { memory, int4Panels, [kernel]: multiply } = int4Kernels();
  const m = countRows(activations, columns);
  for (const code of activations) requireInt4(code, "multiply weights", "an activation");
  const stride = Math.ceil(rows / panelColumns) * panelColumns;
  const [product, codes, left, right, plan, sums] = reserve(
    memory,
    4 * m * stride,
    m * columns,
    Math.ceil(m / panelRows) * activationBytes,
    panels.byteLength,
    table.byteLength,
    4 * panelRows * panelColumns,
  );
  const { buffer } = memory;
  new Uint8Array(buffer, product, 4 * m * stride).fill(0);
  new Uint8Array(buffer, right).set(new Uint8Array(panels));
  new Int32Array(buffer, plan).set(table);
  const ordered = new Uint8Array(buffer, codes, m * columns);
  for (let row = 0; row < m; row++) {
    order.forEach((column, place) => {
      ordered[row * columns + place] = activations[row * columns + column];
    });
  }
  int4Panels(left, codes, m, columns, plan, blocks);
  multiply(product, stride, m, left, right, stride / panelColumns, plan, blocks, sums);
  const padded = new Result(buffer, product, m * stride);
  const result = new Result(new ArrayBuffer(4 * m * rows), 0, m * rows);
  for (let row = 0; row < m; row++) {
    result.set(padded.subarray(row * stride, row * stride + rows), row * rows);
  }
  return result;
}

/** Addresses of room for so many bytes each, multiples of 16, valid until the next call. */
function reserve(memory: WebAssembly.Memory, ...bytes: number[]): number[] {
  let end = 0;
  const addresses = bytes.map((count) => {
    const address = end;
    end += Math.ceil(count / 16) * 16;
    return address;
  });
  const missing = end - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  return addresses;
}
