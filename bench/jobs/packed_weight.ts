import { quantizedLinear } from "../../lib/methods/mod.ts";
import { rtn, searchTrip } from "../../lib/quant/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import type { Turn } from "../harness/turn.ts";
import { randomValues } from "./product.ts";

/** A 4-bit weight in groups of columns that share a scale. */
export interface PackedWeightJob {
  outputs: number;
  columns: number;
  groupSize: number;
}

/** Gets a weight ready. A turn gives the bytes that one of its numbers takes, with its scales. */
export function preparePackedWeight({ outputs, columns, groupSize }: PackedWeightJob): Turn {
  const codes = rtn(randomValues(outputs * columns), {
    ...{ rows: outputs, columns, bits: 4, groupSize },
    ...{ symmetric: false, range: "minmax" },
  });
  const input = searchTrip(randomValues(16 * columns), { channels: columns, bits: 8, K: 3 });
  const parts = Object.values(quantizedLinear(codes, input).weight);
  const bytes = parts.reduce((sum: number, part) => sum + bytesOf(part), 0);
  tf.dispose(parts.filter((part) => part instanceof tf.Tensor));
  return () => ({ "bytes per weight": bytes / (outputs * columns) });
}

/** What an array or tensor takes; an ordinary array eight bytes an element. */
function bytesOf(part: unknown): number {
  if (part instanceof tf.Tensor) return part.size * tf.util.bytesPerElement(part.dtype);
  if (ArrayBuffer.isView(part)) return part.byteLength;
  return Array.isArray(part) ? 8 * part.length : 0;
}
