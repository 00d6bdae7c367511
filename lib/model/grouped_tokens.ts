import { require } from "../core/mod.ts";
import { packCodes, unpackCodes } from "../format/mod.ts";
import { dequantizeFromMinimum, quantizeFromMinimum } from "../quant/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import type { CachedRow, CachedTokens } from "./cached_tokens.ts";

/** Keys and values in few bits, the last tokens as they are (KIVI, Liu et al. 2024). */
export interface GroupedPrecision {
  /** Of a code, 2..8. */
  bits: number;
  /** Tokens of a key's channel, and channels of a value, that share a scale and a minimum in F16. */
  groupSize: number;
  /**
   * Tokens that stay as they are: keys until there are so many, of which all become codes then, and the last
   * values always. A multiple of the group size.
   */
  residual: number;
}

/** Codes of some tokens, packed. */
interface Chunk {
  tokens: number;
  codes: Uint8Array;
  scale: Float16Array;
  minimum: Float16Array;
}

/**
 * No tokens yet, to be kept as codes in groups. Those that are appended together see each other as they are,
 * as do the tokens of a prompt in the authors' code.
 *
 * @param along What groups run along: the tokens of each channel (keys) or the channels of each token (values).
 * @throws {InputError} If the bits are not 2..8, or groups do not divide a head or the residual.
 */
export function groupedTokens(
  row: CachedRow,
  precision: GroupedPrecision,
  along: "tokens" | "channels",
): CachedTokens {
  const { bits, groupSize, residual } = precision;
  const action = `quantize ${row.name}`;
  const isWidth = Number.isInteger(bits) && bits >= 2 && bits <= 8;
  require(isWidth, action, "bits must be an integer in 2..8", bits);
  const isSize = Number.isInteger(groupSize) && groupSize > 0;
  const rule = `groups must divide the ${row.headDim} channels of a head`;
  require(isSize && row.headDim % groupSize === 0, action, rule, groupSize);
  const isMultiple = Number.isInteger(residual) && residual > 0 && residual % groupSize === 0;
  require(isMultiple, action, `the residual must be a multiple of ${groupSize}`, residual);
  return grouped({ row, precision, along }, [], new Float32Array());
}

interface Kind {
  row: CachedRow;
  precision: GroupedPrecision;
  along: "tokens" | "channels";
}

function grouped(kind: Kind, chunks: readonly Chunk[], recent: Float32Array): CachedTokens {
  const { row: { channels }, precision: { residual }, along } = kind;
  return {
    byteLength: chunks.reduce(
      (sum, { codes, scale, minimum }) =>
        sum + codes.byteLength + scale.byteLength + minimum.byteLength,
      recent.byteLength,
    ),
    append(rows) {
      const waiting = recent.length / channels;
      const settled = along === "tokens"
        ? waiting - waiting % residual
        : Math.max(0, waiting - residual);
      const kept = recent.subarray(settled * channels);
      const added = tensorData(rows);
      const last = new Float32Array(kept.length + added.length);
      last.set(kept);
      last.set(added as Float32Array, kept.length);
      const more = settled > 0 ? [encode(kind, recent.subarray(0, settled * channels))] : [];
      return grouped(kind, [...chunks, ...more], last);
    },
    read() {
      const settled = chunks.reduce((sum, { tokens }) => sum + tokens * channels, 0);
      const values = new Float32Array(settled + recent.length);
      let start = 0;
      for (const chunk of chunks) {
        values.set(decode(kind, chunk), start);
        start += chunk.tokens * channels;
      }
      values.set(recent, settled);
      return tf.tensor2d(values, [values.length / channels, channels]);
    },
    [Symbol.dispose]() {},
  };
}

function encode({ row, precision, along }: Kind, values: Float32Array): Chunk {
  const { channels, name } = row;
  const { bits, groupSize } = precision;
  const tokens = values.length / channels;
  const ordered = along === "tokens" ? transposed(values, tokens, channels) : values;
  const { codes, scale, minimum } = quantizeFromMinimum(ordered, groupSize, bits, "F16", name);
  return {
    tokens,
    codes: packCodes(codes, bits),
    scale: Float16Array.from(scale),
    minimum: Float16Array.from(minimum),
  };
}

function decode(
  { row: { channels }, precision: { bits }, along }: Kind,
  chunk: Chunk,
): Float32Array {
  const { tokens, scale, minimum } = chunk;
  const codes = new Uint8Array(tokens * channels);
  unpackCodes(chunk.codes, bits, 0, codes);
  const wide = { codes, scale: Float32Array.from(scale), minimum: Float32Array.from(minimum) };
  const values = dequantizeFromMinimum(wide, "F16");
  return along === "tokens" ? transposed(values, channels, tokens) : values;
}

/** `[columns, rows]` of `[rows, columns]`. */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(values.length);
  for (let column = 0, at = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) turned[at++] = values[row * columns + column];
  }
  return turned;
}
