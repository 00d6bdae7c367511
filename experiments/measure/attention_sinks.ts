import { kurtosis } from "../../lib/core/mod.ts";
import { siteTap } from "../../lib/inspect/mod.ts";
import { forward, type Model, openModel } from "../../lib/model/mod.ts";
import { tensorData, tidy } from "../../lib/tensor/mod.ts";

/** A head that gives the first token more than this is a sink (Gu et al. 2025). */
export const sinkShare = 0.3;

/** What attention gives the first token, and what outliers the residual stream has; lists are of windows. */
export interface AttentionSinks {
  /** Mean attention of later queries to the first token. */
  start: number[];
  /** Mean of all that such a query gives: 1 under softmax, less under softpick. */
  given: number[];
  /** Share of the keys that a query sees, and gives exactly nothing. */
  zeros: number[];
  /** Share of the heads that give the first token more than {@linkcode sinkShare} on average. */
  sinkRate: number;
  /** Of the stream behind the last block; 3 for a normal distribution. */
  kurtosis: number[];
  /** Its largest magnitude over the root of its mean square. */
  largest: number[];
}

/** Looks at windows one by one. */
export async function measureSinks(
  model: Model,
  windows: readonly Int32Array[],
  signal?: AbortSignal,
): Promise<AttentionSinks> {
  using open = await openModel(model);
  const { layers, heads } = model.architecture;
  const toFirst = new Float64Array(layers * heads);
  const sinks: AttentionSinks = {
    ...{ start: [], given: [], zeros: [], sinkRate: 0, kurtosis: [], largest: [] },
  };
  for (const window of windows) {
    signal?.throwIfAborted();
    const sums = { start: 0, given: 0, zeros: 0, seen: 0, queries: 0 };
    const tap = siteTap("attn.probs", (values, [maps, tokens], { layer, firstHead = 0 }) => {
      for (let map = 0; map < maps; map++) {
        let start = 0;
        for (let query = 1; query < tokens; query++) {
          const row = (map * tokens + query) * tokens;
          start += values[row];
          for (let key = 0; key <= query; key++) {
            sums.given += values[row + key];
            sums.zeros += Number(values[row + key] === 0);
          }
          sums.seen += query + 1;
        }
        sums.queries += tokens - 1;
        sums.start += start;
        toFirst[layer * heads + firstHead + map] += start / (tokens - 1) / windows.length;
      }
    });
    tidy(() => {
      const stream = tensorData(forward(open, window, { hook: tap }).hidden);
      const squares = stream.reduce((sum, each) => sum + each * each, 0);
      const most = stream.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0);
      sinks.kurtosis.push(kurtosis(stream));
      sinks.largest.push(most / Math.sqrt(squares / stream.length));
    });
    sinks.start.push(sums.start / sums.queries);
    sinks.given.push(sums.given / sums.queries);
    sinks.zeros.push(sums.zeros / sums.seen);
  }
  return {
    ...sinks,
    sinkRate: toFirst.filter((share) => share > sinkShare).length / toFirst.length,
  };
}
