import { InputError } from "../../lib/core/mod.ts";
import type { Peer } from "./peer.ts";
import type { Turn } from "./turn.ts";
import { leastRuns, takeTurns } from "./turns.ts";

/** A native engine below this share of the rate of WebAssembly has not been built for the machine. */
const leastShare = 0.5;

/**
 * Which peers are not to be compared with, and why: a native engine that multiplies matrices at less
 * than half of the rate of our own WebAssembly, whose vectors are no wider than any processor's,
 * does not compute as it could here. A ratio to it would say nothing.
 *
 * @param peers Those with a probe are looked at, if one of the others has the level `relaxed SIMD`
 *   and a probe to compare with.
 */
export async function doubtsAbout(
  peers: readonly Peer[],
  signal?: AbortSignal,
): Promise<Map<Peer, string>> {
  const doubts = new Map<Peer, string>();
  const probed = peers.filter(({ probe }) => probe);
  const reference = probed.find(({ facts }) => facts.level === "relaxed SIMD");
  if (!reference || probed.length === 1) return doubts;
  const turns = new Map<Peer, Turn>();
  for (const peer of probed) {
    try {
      turns.set(peer, await peer.prepare(peer.probe!.job));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      doubts.set(peer, error.message);
    }
  }
  const rates = new Map(
    [...await takeTurns(turns, leastRuns, { signal })].map(([peer, { time }]) =>
      [peer, peer.probe!.operations / time.median / 1e6] as const
    ),
  );
  for (const peer of probed) await peer.clear();
  const measure = rates.get(reference);
  if (measure === undefined) return doubts;
  const perThread = measure / reference.facts.threads;
  for (const [peer, rate] of rates) {
    const doubt = doubtAbout(peer, rate, perThread * peer.facts.threads);
    if (peer.facts.level === "native" && doubt) doubts.set(peer, doubt);
  }
  return doubts;
}

/**
 * Why a peer is not to be compared with, if there is a reason.
 *
 * @param rate Billions of operations per second in its probe.
 * @param portable Those of our WebAssembly on as many threads.
 */
export function doubtAbout(
  { name, facts }: Pick<Peer, "name" | "facts">,
  rate: number,
  portable: number,
): string | undefined {
  if (rate >= leastShare * portable) return undefined;
  return `Cannot compare with ${name} (${facts.library}): a peer must reach ` +
    `${leastShare * 100} % of the ${portable.toFixed(1)} billion operations per second of this ` +
    `suite's own WebAssembly, got ${rate.toFixed(1)}`;
}
