import { type Pause, require, type Step } from "../core/mod.ts";
import { atSites, type Block, seenEnough, type SiteName, siteNames } from "../model/mod.ts";
import type { Route } from "./calibration_streams.ts";
import { type Observer, observer, ofTokens } from "./observers.ts";
import { observedSites } from "./observed_sites.ts";
import type { Pass } from "./pass.ts";
import type { SiteSeen } from "./seen.ts";

/** Where a pass observes. */
export interface View extends Pick<Route, "streams" | "options"> {
  /** What errors call the model. */
  model: string;
  block: Block;
  /** Whether the windows go on to the next block as they are seen here: nothing changes this one any more. */
  isFinal?: boolean;
}

const whyRange = "a window gives several runs of maps, and keys are no channels";

/**
 * Runs the windows of a pass through a block and gathers what it observes there; gradients, which take all
 * blocks, are none of it.
 *
 * @param onStep Hears how much is done, 0..1, never less than before.
 * @throws {InputError} If the block has no such site, a value there is not finite, or something else than
 *   the range of all of `attn.probs` is asked for.
 */
export async function observe(
  pass: Pass,
  { model, block, streams, options, isFinal = false }: View,
  pause: Pause,
  onStep: Step,
): Promise<Map<SiteName, SiteSeen>> {
  const { name, sees } = pass;
  const action = `calibrate ${model}`;
  using made = new DisposableStack();
  const observers = new Map<SiteName, Observer>();
  for (const [site, kind] of observedSites(pass).values) {
    const isSound = site !== "attn.probs" || kind === "range" && !sees;
    require(
      isSound,
      action,
      `${name} must observe the range of all of attn.probs: ${whyRange}`,
      kind,
    );
    const plain = observer(kind, streams.length, `${site} of layer ${block.layer}`, action);
    observers.set(site, made.use(sees ? ofTokens(plain, sees) : plain));
  }
  const met = new Set<SiteName>();
  let done = 0;
  for (let active = [...observers], keep = isFinal; active.length > 0; keep = false) {
    const looking = new Map(active);
    const last = siteNames.findLast((site) => looking.has(site));
    const endsEarly = !keep && last !== "attn.probs"; // of which there are several
    const hook = atSites([...looking.keys()], (value, visit) => {
      met.add(visit.site);
      looking.get(visit.site)!.see(value, visit);
      if (endsEarly && visit.site === last) throw seenEnough;
      return value;
    });
    const before = done; // a further round takes its part of what is left
    for (let index = 0; index < streams.length; index++) {
      await pause();
      done = before + (1 - before) * index / streams.length;
      onStep(done);
      streams.look(index, block, { ...options, hook, keep });
    }
    const stray = active.find(([site]) => !met.has(site));
    require(
      stray === undefined,
      action,
      `its blocks must have ${stray?.[0]}, which ${name} observes`,
    );
    active = active.filter(([, each]) => each.again());
  }
  return new Map([...observers].map(([site, each]) => [site, each.result()]));
}
