import { refuse } from "../core/mod.ts";
import {
  chainHooks,
  type ForwardOptions,
  type Model,
  runWindows,
  type SiteName,
} from "../model/mod.ts";
import { siteTap } from "./site_tap.ts";

/** What one site of one block gave. */
export interface SiteValues {
  layer: number;
  /** `[tokens, channels]`, or `[heads, tokens, tokens]` at `attn.probs`. */
  values: Float32Array;
  shape: number[];
  /** Where the tokens stood in the window; fewer than it has once some are pruned. */
  positions: Int32Array;
}

/** Maps of attention arrive a few heads at a time. */
type Part = Pick<SiteValues, "values" | "shape">;

/**
 * Runs one window and keeps what a site gives, as quantized where the options quantize it.
 *
 * @param layers Which blocks, counted from 0; all of them unless given.
 * @returns One entry per layer, in the order asked for.
 * @throws {InputError} If a layer does not exist, or has no such site.
 */
export async function siteValues(
  model: Model,
  window: Int32Array,
  site: SiteName,
  options: ForwardOptions = {},
  layers: readonly number[] = [...Array(model.architecture.layers).keys()],
): Promise<SiteValues[]> {
  const parts = new Map<number, Part[]>(layers.map((layer) => [layer, []]));
  const tap = siteTap(site, (values, shape, { layer }) => {
    parts.get(layer)?.push({ values: values.slice(), shape: [...shape] });
  });
  const hook = options.hook ? chainHooks(options.hook, tap) : tap;
  const runner = { model, options: { ...options, hook } };
  const [exits] = await runWindows(
    [runner],
    [window],
    { signal: options.signal },
    ([{ run }]) => run.exits.map(({ layer, positions }) => ({ layer, positions })),
  );
  return layers.map((layer) => {
    const found = parts.get(layer)!;
    const action = `look at ${site}`;
    if (found.length === 0) refuse(action, `layer ${layer} of ${model.name} must have it`);
    const passed = site.startsWith("mlp") ? layer : layer - 1; // pruning comes before the MLP
    const pruned = new Set(
      exits.flatMap((exit) => exit.layer <= passed ? Array.from(exit.positions) : []),
    );
    const positions = Int32Array.from(window.keys().filter((token) => !pruned.has(token)));
    return { layer, ...join(found), positions };
  });
}

function join(parts: Part[]): Part {
  if (parts.length === 1) return parts[0];
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part.values, offset);
    offset += part.values.length;
  }
  const maps = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  return { values, shape: [maps, ...parts[0].shape.slice(1)] };
}
