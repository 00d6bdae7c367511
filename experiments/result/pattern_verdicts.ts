import { type Estimate, type Verdict, verdictOf } from "../../lib/core/mod.ts";

/**
 * Whether tokens stand out in an attention map, as the first one and the nearest do in figure 1.
 *
 * @param times How many times as much attention they get as equal attention would give them.
 */
export function patternVerdict(times: Estimate): Verdict {
  return verdictOf(times, { above: 2 });
}

/**
 * Whether outliers stay in their channel, as figure 1 has it.
 *
 * @param share Of the tokens in which the channel is outlying that is so most often.
 */
export function persistenceVerdict(share: Estimate): Verdict {
  return verdictOf(share, { above: 0.5 });
}
