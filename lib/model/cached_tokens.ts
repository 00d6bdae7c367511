import { dequantizeUniform, quantizeUniform } from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import { GrowingArray } from "./growing_array.ts";

/** How a cache keeps keys and values: as they are, or in eight bits with a scale per token and head. */
export type CachePrecision = "float32" | "int8";

/** The keys, or the values, of the tokens that one block has seen. A value: appending makes a new one. */
export interface CachedTokens {
  /** With the rows `[tokens, channels]` at the end. */
  append(rows: tf.Tensor2D): CachedTokens;
  /** The rows of all tokens, `[tokens, channels]`. */
  read(): tf.Tensor2D;
}

/** What one row of {@linkcode CachedTokens} consists of. */
export interface CachedRow {
  channels: number;
  /** Channels of one head, which share a scale in eight bits. */
  headDim: number;
  /** What errors call the rows. */
  name: string;
}

/** Nothing yet, to be kept in a precision. */
export function noTokens(row: CachedRow, precision: CachePrecision): CachedTokens {
  return precision === "int8" ? int8Tokens(row) : float32Tokens(row);
}

function float32Tokens(
  row: CachedRow,
  numbers = GrowingArray.like<Float32Array>(new Float32Array()),
): CachedTokens {
  return {
    append: (rows) => float32Tokens(row, numbers.append(tensorData(rows))),
    read: () => matrix(numbers.values, row),
  };
}

/** Symmetric codes: `real = code * scale`, one scale for each head of each token. */
function int8Tokens(
  row: CachedRow,
  codes = GrowingArray.like<Int8Array>(new Int8Array()),
  scales = GrowingArray.like<Float32Array>(new Float32Array()),
): CachedTokens {
  const { headDim: inner, name } = row;
  return {
    append(rows) {
      const { codes: added, params } = quantizeUniform(tensorData(rows), {
        bits: 8,
        signed: true,
        profile: "released",
        granularity: "channel",
        channels: rows.size / inner,
        inner,
      }, name);
      return int8Tokens(row, codes.append(Int8Array.from(added)), scales.append(params.scale));
    },
    read() {
      const grid = { scale: scales.values, zeroPoint: new Int32Array(scales.length), inner };
      return matrix(dequantizeUniform(codes.values, grid), row);
    },
  };
}

function matrix(values: Float32Array, { channels }: CachedRow): tf.Tensor2D {
  return tf.tensor2d(values, [values.length / channels, channels]);
}
