import { refuse } from "../core/mod.ts";
import {
  embedTokens,
  type Model,
  type Pruning,
  runLayer,
  type SiteHook,
  type SiteName,
  siteNames,
  type State,
} from "../model/mod.ts";
import {
  fakeQuantizeLog2,
  fakeQuantizeUniform,
  observeRange,
  searchTrip,
  type UniformParams,
  uniformParams,
} from "../quant/mod.ts";
import { tensorData, tf, tidy } from "../tensor/mod.ts";
import type { ActivationScheme, SiteGranularity } from "./scheme.ts";

/** Calibrated parameters, `[layer][site]`. Log2 sites need none. */
export type ActivationParams = Partial<Record<SiteName, UniformParams>>[];

/**
 * Calibrates the sites of a scheme on the activations of the given windows, which run through the
 * model un-quantized (static calibration). Block by block, so that the activations of one block
 * are in memory at a time.
 *
 * @param windows Calibration windows of token ids.
 * @param pruning Tokens leave while calibrating: TRIP's range is taken after pruning.
 */
export function calibrateActivations(
  model: Model,
  windows: Int32Array[],
  scheme: ActivationScheme,
  pruning?: Pruning,
): ActivationParams {
  let states = windows.map((window) => tidy(() => embedTokens(model, window)));
  const params = model.weights.layers.map((_, layer) => {
    const seen = new Map<SiteName, Float32Array[]>();
    const hook: SiteHook = (value, { site }) => {
      const kind = scheme.sites[site]?.kind;
      if (kind && kind !== "log2") {
        if (!seen.has(site)) seen.set(site, []);
        seen.get(site)!.push(tensorData(value).slice());
      }
      return value;
    };
    states = states.map((state) => {
      const next = tidy(() => runLayer(model, layer, state, { hook, pruning }).state);
      state.hidden.dispose();
      return next;
    });
    return calibrateLayer(model, layer, scheme, seen);
  });
  tf.dispose(states.map((state: State) => state.hidden));
  return params;
}

/** Parameters of the sites of one block from their activations, window by window. */
function calibrateLayer(
  model: Model,
  layer: number,
  scheme: ActivationScheme,
  seen: Map<SiteName, Float32Array[]>,
): Partial<Record<SiteName, UniformParams>> {
  const { heads, keyValueHeads, headDim, hiddenSize, intermediateSize } = model.architecture;
  const result: Partial<Record<SiteName, UniformParams>> = {};
  for (const site of siteNames) {
    const quantizer = scheme.sites[site];
    if (!quantizer || quantizer.kind === "log2") continue;
    const name = `${site} of layer ${layer}`;
    const parts = seen.get(site);
    if (!parts) refuse("calibrate", `${site} must occur in ${model.name}`);
    const siteHeads = site === "attn.k" || site === "attn.v" || site === "attn.kBeforeRotary"
      ? keyValueHeads
      : heads;
    const width = site === "mlp.hidden"
      ? intermediateSize
      : site === "attn.input" || site === "mlp.input"
      ? hiddenSize
      : siteHeads * headDim;
    const values = concatenate(parts);
    result[site] = quantizer.kind === "trip"
      ? searchTrip(values, {
        channels: width,
        bits: quantizer.bits,
        K: quantizer.factorBits,
        name,
      })
      : uniformParams(
        observeRange(values, {
          ...layout(quantizer.granularity, siteHeads, width),
          name,
        }),
        { bits: quantizer.bits, profile: scheme.profile, signed: quantizer.signed },
      );
  }
  return result;
}

/** How a `[tokens, width]` value splits into the channels that share a scale. */
function layout(
  granularity: SiteGranularity,
  heads: number,
  width: number,
) {
  if (granularity === "head") {
    return { granularity: "channel" as const, channels: heads, inner: width / heads };
  }
  return { granularity, channels: width };
}

/** The hook that quantizes and dequantizes every site of a scheme. */
export function quantizeActivations(scheme: ActivationScheme, params: ActivationParams): SiteHook {
  return (value, { site, layer }) => {
    const quantizer = scheme.sites[site];
    if (!quantizer) return value;
    const values = tensorData(value);
    const quantized = quantizer.kind === "log2"
      ? fakeQuantizeLog2(values, { bits: quantizer.bits, profile: scheme.profile })
      : fakeQuantizeUniform(values, params[layer][site]!);
    return tf.tensor(quantized, value.shape);
  };
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
