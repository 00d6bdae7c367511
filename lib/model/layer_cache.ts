import type { Architecture } from "./architecture.ts";
import { type CachedTokens, noTokens } from "./cached_tokens.ts";
import { type GroupedPrecision, groupedTokens } from "./grouped_tokens.ts";

/**
 * How a cache keeps keys and values: as they are, in eight bits with a scale per token and head, or in groups
 * that leave the last tokens as they are.
 */
export type CachePrecision = "float32" | "int8" | GroupedPrecision;

/** What one block keeps of the tokens it has seen. */
export interface LayerCache {
  key: CachedTokens;
  value: CachedTokens;
}

/**
 * What a block keeps before the first token.
 *
 * @throws {InputError} If the precision is none that keys and values of this model can have.
 */
export function startLayer(
  { keyValueHeads, headDim }: Architecture,
  layer: number,
  precision: CachePrecision,
): LayerCache {
  const empty = (what: string, along: "tokens" | "channels") => {
    const name = `cached ${what} of layer ${layer}`;
    const row = { channels: keyValueHeads * headDim, headDim, name };
    return typeof precision === "string"
      ? noTokens(row, precision)
      : groupedTokens(row, precision, along);
  };
  return { key: empty("keys", "tokens"), value: empty("values", "channels") };
}

/** Frees what a block keeps. */
export function disposeLayer({ key, value }: LayerCache): void {
  key[Symbol.dispose]();
  value[Symbol.dispose]();
}
