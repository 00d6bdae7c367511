import { gridSteps, type UniformGrid } from "../format/mod.ts";
import { firstRows, requireLower, splitRows, type TokenRows } from "../linear/mod.ts";
import { atSites, type SiteHook, type SiteName, siteNames, type Visit } from "../model/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  observeRange,
  type UniformFormat,
  uniformGrid,
} from "../quant/mod.ts";
import { fakeQuantUniform, type Log2Rounding, tensorData, tf } from "../tensor/mod.ts";

/** What becomes of the value at one site of one block. */
export interface SiteQuantizer {
  /** Quantizes and dequantizes: a tensor of the same shape. */
  apply(value: tf.Tensor, visit: Visit): tf.Tensor;
  /** Bits of a value, on average over its elements, where they follow from itself or from calibration. */
  bitsOf?(value: tf.Tensor): number;
  /** The grid, where it is one that integer products read. */
  readonly grid?: UniformGrid;
  /** That of the least important tokens, where it is another. */
  readonly lowerGrid?: UniformGrid;
  /** That of the first tokens of windows, where it is another. */
  readonly firstGrid?: UniformGrid;
  /** At `attn.probs`: what the attention does by itself, so that its maps need not exist. */
  readonly rounding?: Log2Rounding;
}

/** The quantizers of one block; values at other sites stay in floating point. */
export type SiteQuantizers = Readonly<Partial<Record<SiteName, SiteQuantizer>>>;

/** Rounds to a uniform grid (eq. 2), TRIP's included. */
export function uniformQuantizer(grid: UniformGrid): SiteQuantizer {
  const steps = gridSteps(grid);
  return {
    grid,
    apply: (value, visit) => fakeQuantUniform(value, steps, nameOf(visit)),
  };
}

/** Rounds every token to a uniform grid over its own range, of all channels (dynamic quantization). */
export function tokenQuantizer(
  { bits, profile, signed }: Pick<UniformFormat, "bits" | "profile" | "signed">,
): SiteQuantizer {
  return {
    apply(value, visit) {
      const name = nameOf(visit);
      const x = tensorData(value);
      const inner = value.shape.at(-1)!;
      const rows = { channels: x.length / inner, inner, granularity: "channel", name } as const;
      const grid = uniformGrid(observeRange(x, rows), { bits, profile, signed, name });
      return tf.tensor(fakeQuantizeUniform(x, grid, undefined, name), value.shape);
    },
  };
}

/**
 * Rounds to powers of two (eq. 3).
 *
 * The maximum of attention maps, which never exist as a whole, is taken for 1: in every map the first
 * token attends to itself with probability 1.
 */
export function log2Quantizer(
  site: SiteName,
  { bits, profile }: Pick<Log2Rounding, "bits" | "profile">,
): SiteQuantizer {
  const maximum = site === "attn.probs" ? 1 : undefined;
  return {
    rounding: maximum && { bits, profile, maximum },
    apply(value, visit) {
      const options = { bits, profile, maximum, name: nameOf(visit) };
      return tf.tensor(fakeQuantizeLog2(tensorData(value), options), value.shape);
    },
  };
}

/** Quantizes the least important tokens of a site in one way and the others in another. */
export function lowerQuantizer(least: SiteQuantizer, others: SiteQuantizer): SiteQuantizer {
  return {
    grid: others.grid,
    lowerGrid: least.grid,
    apply: splitApply(least, others, requireLower),
  };
}

/** Quantizes the first tokens of windows in one way and the others in another. */
export function firstQuantizer(first: SiteQuantizer, others: SiteQuantizer): SiteQuantizer {
  return {
    grid: others.grid,
    firstGrid: first.grid,
    apply: splitApply(first, others, firstRows),
  };
}

function splitApply(
  chosen: SiteQuantizer,
  others: SiteQuantizer,
  rowsOf: (rows: TokenRows) => Int32Array,
): SiteQuantizer["apply"] {
  return (value, visit) =>
    splitRows(
      value as tf.Tensor2D,
      rowsOf(visit),
      (rows) => chosen.apply(rows, visit) as tf.Tensor2D,
      (rows) => others.apply(rows, visit) as tf.Tensor2D,
    );
}

/**
 * A hook that quantizes at the sites of each block.
 *
 * @param layers The quantizers of each block.
 * @param chosen Which of them; all unless given.
 */
export function quantizingHook(
  layers: readonly SiteQuantizers[],
  chosen: (site: SiteName, quantizer: SiteQuantizer) => boolean = () => true,
): SiteHook {
  const sites = siteNames.filter((site) =>
    layers.some(({ [site]: quantizer }) => quantizer && chosen(site, quantizer))
  );
  return atSites(sites, (value, visit) => {
    const quantizer = layers[visit.layer][visit.site];
    return quantizer ? quantizer.apply(value, visit) : value;
  });
}

/** What errors call the value of a site: `mlp.input of layer 3`. */
export function nameOf({ site, layer }: Visit): string {
  return `${site} of layer ${layer}`;
}
