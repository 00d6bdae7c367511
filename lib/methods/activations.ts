import { require } from "../core/mod.ts";
import { gridSteps, type Profile, type UniformGrid } from "../format/mod.ts";
import {
  atSites,
  type ForwardOptions,
  type Model,
  type SiteHook,
  type SiteName,
} from "../model/mod.ts";
import { fakeQuantizeLog2, observeRange, searchTrip, uniformGrid } from "../quant/mod.ts";
import { fakeQuantUniform, type Log2Rounding, tensorData, tf } from "../tensor/mod.ts";
import { hookByImportance, lowerRows, takeRows } from "./mixed_precision.ts";
import type { ActivationScheme, CalibratedQuantizer, SiteQuantizer } from "./scheme.ts";
import { advanceStreams, closeStreams, openStreams } from "./streams.ts";

/** Calibrated parameters, `[layer][site]`. Log2 sites need none. */
export type ActivationParams = Partial<Record<SiteName, UniformGrid>>[];

/** What one site of one block gave, over all windows. */
interface Observed {
  quantizer: CalibratedQuantizer;
  channels: number;
  /** `[tokens, channels]`, window by window. */
  parts: Float32Array[];
}

/**
 * Calibrates the sites of a scheme on the activations of the given windows, which run through the
 * model un-quantized (static calibration, as in the released code).
 *
 * Ranges cover all windows. So does TRIP's choice of alpha: eq. 8 is taken over all tokens, and the
 * order of the windows does not matter. The released code chooses alpha on the last window alone but
 * has no site with TRIP; a rare outlier elsewhere would then be clipped.
 *
 * Works block by block: in memory are the residual streams of all windows and what the calibrated
 * sites of one block gave.
 *
 * @param windows Calibration windows of token ids; the released code takes ten.
 * @param options.pruning Tokens leave while calibrating: TRIP's range is taken after pruning.
 * @param options.lower Only these tokens are looked at; all where a window has none.
 * @param options.signal Stops the work by throwing its reason, if it knows without any event that it is
 *   aborted.
 * @throws {InputError} If there are no windows, a site does not occur in the model or gives NaN or
 *   infinity. The message names site and layer.
 */
export function calibrateActivations(
  model: Model,
  windows: Int32Array[],
  scheme: SiteScheme,
  { pruning, lower, signal }: Pick<ForwardOptions, "pruning" | "lower" | "signal"> = {},
): ActivationParams {
  const { headDim } = model.architecture;
  const streams = openStreams(model, windows);
  try {
    return model.weights.layers.map((_, layer) => {
      const observed = new Map<string, Observed>();
      advanceStreams(model, layer, streams, {
        hook: observe(scheme, observed, lower !== undefined),
        ...{ pruning, lower, signal },
      });
      const calibrated = Object.entries(scheme.sites).filter(([, { kind }]) => kind !== "log2");
      return Object.fromEntries(calibrated.map(([site]) => {
        signal?.throwIfAborted();
        const found = observed.get(site);
        require(found !== undefined, `calibrate ${model.name}`, `its blocks must have ${site}`);
        return [site, siteParams(found, scheme.profile, headDim, `${site} of layer ${layer}`)];
      }));
    });
  } finally {
    closeStreams(streams);
  }
}

/** A tap that copies what the calibrated sites give, of all tokens or of the chosen. */
function observe(scheme: SiteScheme, observed: Map<string, Observed>, chosen: boolean): SiteHook {
  const sites = sitesOf(scheme, ({ kind }) => kind !== "log2");
  return atSites(sites, (value, { site, lower }) => {
    const quantizer = scheme.sites[site] as CalibratedQuantizer;
    const seen = observed.get(site) ?? { quantizer, channels: value.shape.at(-1)!, parts: [] };
    const some = chosen && lowerRows(lower).length > 0;
    const rows = some ? takeRows(value as tf.Tensor2D, lower!) : value;
    seen.parts.push(tensorData(rows).slice());
    observed.set(site, seen);
    return value;
  });
}

function sitesOf(
  { sites }: Pick<SiteScheme, "sites">,
  chosen: (quantizer: SiteQuantizer, site: SiteName) => boolean,
): SiteName[] {
  return (Object.keys(sites) as SiteName[]).filter((site) => chosen(sites[site]!, site));
}

function siteParams(
  { quantizer, channels, parts }: Observed,
  profile: Profile,
  headDim: number,
  name: string,
): UniformGrid {
  const values = concatenate(parts);
  const { bits } = quantizer;
  if (quantizer.kind === "trip") {
    return searchTrip(values, { channels, bits, K: quantizer.K, profile, name });
  }
  const layout = quantizer.granularity === "head"
    ? { granularity: "channel" as const, channels: channels / headDim, inner: headDim }
    : { granularity: quantizer.granularity, channels };
  const range = observeRange(values, { ...layout, name });
  return uniformGrid(range, { bits, profile, signed: quantizer.signed, name });
}

/** A scheme for all tokens alike. */
type SiteScheme = Pick<ActivationScheme, "profile" | "sites">;

/** The parameters of a scheme on a model. */
export interface CalibratedScheme {
  scheme: ActivationScheme;
  params: ActivationParams;
  /** Those of its quantizers for the least important tokens. */
  lower?: ActivationParams;
}

/**
 * The options of a forward pass that quantizes and dequantizes every site of a scheme, and chooses
 * tokens where the scheme depends on it.
 *
 * @throws {InputError} The hook does, if a value is not finite or tokens go without the scores that
 *   the scheme depends on.
 */
export function schemeForward({ scheme, params, lower }: CalibratedScheme): ForwardOptions {
  const forward = quantizeActivations(scheme, params);
  if (!scheme.lower) return forward;
  const least = quantizeActivations(scheme.lower, lower!);
  return {
    ...forward,
    hook: hookByImportance(least.hook, forward.hook, scheme.lower),
    lower: scheme.lower,
  };
}

/**
 * The options of a forward pass that quantizes and dequantizes at the sites of a scheme, all tokens
 * alike.
 *
 * The log2 quantizer of attention maps, which never exist as a whole, takes the maximum of the whole
 * tensor for 1: in every map the first token attends to itself with probability 1.
 *
 * @param params What {@linkcode calibrateActivations} gave for this scheme and model.
 */
export function quantizeActivations(
  scheme: Pick<SiteScheme, "sites">,
  params: ActivationParams,
): { hook: SiteHook; probabilities?: Log2Rounding } {
  const probabilities = probabilityRounding(scheme);
  const { "attn.probs": _maps, ...rest } = scheme.sites;
  const sites = probabilities ? rest : scheme.sites;
  return { hook: quantizingHook({ sites }, params), probabilities };
}

/**
 * As {@linkcode quantizeActivations}, but attention maps come to the hook like all else: for those
 * who look at what each quantizer does.
 */
export function quantizingHook(
  scheme: Pick<SiteScheme, "sites">,
  params: ActivationParams,
): SiteHook {
  const steps = params.map((sites) =>
    Object.fromEntries(Object.entries(sites).map(([site, each]) => [site, gridSteps(each)]))
  );
  return atSites(sitesOf(scheme, () => true), (value, { site, layer }) => {
    const quantizer = scheme.sites[site]!;
    const name = `${site} of layer ${layer}`;
    if (quantizer.kind !== "log2") return fakeQuantUniform(value, steps[layer][site], name);
    const maximum = site === "attn.probs" ? 1 : undefined;
    const quantized = fakeQuantizeLog2(tensorData(value), { ...quantizer, maximum, name });
    return tf.tensor(quantized, value.shape);
  });
}

function probabilityRounding({ sites }: Pick<SiteScheme, "sites">): Log2Rounding | undefined {
  const quantizer = sites["attn.probs"];
  if (quantizer?.kind !== "log2") return undefined;
  const { bits, profile } = quantizer;
  return { bits, profile, maximum: 1 };
}

function concatenate(parts: Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
