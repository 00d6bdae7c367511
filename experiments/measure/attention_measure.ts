import { type Estimate, mean } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import { siteTap, siteValues } from "../../lib/inspect/mod.ts";
import type { MethodName } from "../../lib/methods/mod.ts";
import { chainHooks, type ForwardOptions, type Model, runWindows } from "../../lib/model/mod.ts";
import {
  type AttentionConcentration,
  attentionConcentration,
  meanMap,
} from "../../lib/tokens/mod.ts";
import { type FigureSubject, quantizeSubject } from "./figure_subject.ts";
import { meanEstimate, ratioOfMeans } from "./mean_estimate.ts";

/** How attention is measured. */
export interface AttentionSettings {
  method: MethodName;
  /** Tokens of the maps that are drawn: the first of the first test window. */
  drawnTokens: number;
  /** How many keys up to the query itself count as near. */
  distance: number;
  /** Test windows that the concentration is averaged over. */
  windows: number;
}

/** Where attention goes, averaged over windows and heads. */
export interface MeasuredConcentration extends AttentionConcentration {
  /** How many times as much as equal attention the first token gets. */
  stripe: Estimate;
  /** The same of the nearest tokens. */
  diagonal: Estimate;
}

/** Where the attention of one layer goes, before and after quantization. */
export interface LayerConcentration {
  layer: number;
  full: MeasuredConcentration;
  quantized: MeasuredConcentration;
  /** What quantization makes of the first token's share, and of the nearest tokens': the ratio. */
  startMoved: Estimate;
  localMoved: Estimate;
  /** The share that each head gives the first token. */
  heads: Record<"full" | "quantized", number[]>;
}

/** The mean of the heads' maps, `[tokens][tokens]`; null above the diagonal. */
export type AttentionMap = (number | null)[][];

/** The maps of figure 1 a-c. */
export interface AttentionMaps {
  first: AttentionMap;
  last: AttentionMap;
  lastQuantized: AttentionMap;
}

/** Measures where the attention of every layer goes. */
export async function measureConcentration(
  subject: FigureSubject,
  { method, distance, windows }: AttentionSettings,
  hooks: RunHooks,
): Promise<LayerConcentration[]> {
  const scored = subject.testWindows.slice(0, windows);
  const quantized = await quantizeSubject(subject, method, hooks);
  const { signal } = hooks;
  const full = await concentrations(subject.model, scored, { signal }, distance);
  const after = await concentrations(quantized.model, scored, quantized.forward, distance);
  return full.map((before, layer): LayerConcentration => {
    const quantized = after[layer];
    const moved = (share: "start" | "local") =>
      ratioOfMeans(
        quantized.windows.map((window) => window[share]),
        before.windows.map((window) => window[share]),
      );
    return {
      layer,
      full: summarize(before.windows),
      quantized: summarize(quantized.windows),
      startMoved: moved("start"),
      localMoved: moved("local"),
      heads: { full: before.heads, quantized: quantized.heads },
    };
  });
}

/** Takes the maps of the first and the last layer. */
export async function takeMaps(
  subject: FigureSubject,
  { method, drawnTokens }: AttentionSettings,
  hooks: RunHooks,
): Promise<AttentionMaps> {
  const { model, testWindows } = subject;
  const { signal } = hooks;
  const quantized = await quantizeSubject(subject, method, hooks);
  const sample = testWindows[0].subarray(0, drawnTokens);
  const lastLayer = model.architecture.layers - 1;
  const map = async (each: Model, layer: number, options: ForwardOptions) => {
    const [{ values, shape: [heads, tokens] }] = await siteValues(
      each,
      sample,
      "attn.probs",
      options,
      [layer],
    );
    return lowerTriangle(meanMap(values, { heads, tokens }), tokens);
  };
  return {
    first: await map(model, 0, { signal }),
    last: await map(model, lastLayer, { signal }),
    lastQuantized: await map(quantized.model, lastLayer, quantized.forward),
  };
}

/** What one layer does in each window, and each of its heads in all of them. */
interface SeenLayer {
  windows: AttentionConcentration[];
  /** The mean share of the first token. */
  heads: number[];
}

/** The concentration of every layer. */
async function concentrations(
  model: Model,
  windows: Int32Array[],
  options: ForwardOptions,
  distance: number,
): Promise<SeenLayer[]> {
  const { layers, heads } = model.architecture;
  const perLayer = Array.from({ length: layers }, (): SeenLayer => ({
    windows: windows.map(() => ({ start: 0, startIfUniform: 0, local: 0, localIfUniform: 0 })),
    heads: new Array(heads).fill(0),
  }));
  const tap = siteTap("attn.probs", (values, [maps, tokens], { layer, window, firstHead = 0 }) => {
    const size = tokens * tokens;
    for (let map = 0; map < maps; map++) {
      const own = values.subarray(map * size, (map + 1) * size);
      const part = attentionConcentration(own, { heads: 1, tokens }, distance);
      const seen = perLayer[layer];
      for (const name of Object.keys(part) as (keyof typeof part)[]) {
        seen.windows[window][name] += part[name] / heads;
      }
      seen.heads[firstHead + map] += part.start / windows.length;
    }
  });
  const hook = options.hook ? chainHooks(options.hook, tap) : tap;
  const runner = { model, options: { ...options, hook } };
  await runWindows([runner], windows, { signal: options.signal }, () => {});
  return perLayer;
}

/** Of one layer, from what each window gave. */
function summarize(windows: readonly AttentionConcentration[]): MeasuredConcentration {
  const average = (name: keyof AttentionConcentration) => mean(windows.map((each) => each[name]));
  return {
    start: average("start"),
    startIfUniform: average("startIfUniform"),
    local: average("local"),
    localIfUniform: average("localIfUniform"),
    stripe: meanEstimate(windows.map(({ start, startIfUniform }) => start / startIfUniform)),
    diagonal: meanEstimate(windows.map(({ local, localIfUniform }) => local / localIfUniform)),
  };
}

/** The rows of a map, rounded to what a picture shows. */
function lowerTriangle(map: Float32Array, tokens: number): AttentionMap {
  return Array.from({ length: tokens }, (_, query) =>
    Array.from(
      map.subarray(query * tokens, (query + 1) * tokens),
      (value, key) => key > query ? null : Number(value.toPrecision(4)),
    ));
}
