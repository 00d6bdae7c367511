import { AffineMatrix, decodeMatrix, type StoredMatrix } from "../../lib/format/mod.ts";
import {
  calibrate,
  type CalibrateOptions,
  type Calibration,
  type ConfiguredMethod,
  methods,
  type Pass,
  type Quantized,
  sitePasses,
  type SiteScheme,
  unquantized,
} from "../../lib/methods/mod.ts";
import {
  forward,
  type ForwardOptions,
  type LayerWeights,
  type LinearName,
  type Model,
  openModel,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, type tf, tidy } from "../../lib/tensor/mod.ts";

/** The linear maps of a block in the order in which GPTQ visits them. */
export const linearNames: readonly LinearName[] = [
  "query",
  "key",
  "value",
  "output",
  "gate",
  "up",
  "down",
];

const named: [string, ConfiguredMethod][] = Object.entries(methods);

/**
 * Every method by its name, and once more in profile `released` where it has profiles; groups of cached keys and
 * values are as small as tiny models need them.
 */
export const everyMethod: readonly (readonly [string, ConfiguredMethod])[] = named.flatMap(
  ([name, method]): typeof named => {
    const { activations } = method.settings;
    if (activations && "residual" in activations) {
      return [[name, method.with({ activations: { groupSize: 16, residual: 32 } })]];
    }
    if (!activations || !("profile" in activations)) return [[name, method]];
    const released = method.with({ activations: { profile: "released" } });
    return [[name, method], [`${name}, profile released`, released]];
  },
);

/** The same windows for weights and for activations. */
export function calibrationOf(windows: Int32Array[]): () => Calibration {
  return () => ({ weightWindows: windows, activationWindows: windows });
}

/** For what must not look at windows. */
export function unread(): never {
  throw new Error("calibration was read");
}

/** What passes make of a model. */
export function run(
  model: Model,
  passes: readonly Pass[],
  windows: Int32Array[],
  options?: CalibrateOptions,
): Promise<Quantized> {
  return calibrate(unquantized(model), passes, calibrationOf(windows), options);
}

/** The model with values quantized at the sites of a scheme. */
export function quantizeSites(
  model: Model,
  scheme: SiteScheme,
  windows: Int32Array[],
  options?: CalibrateOptions,
): Promise<Quantized> {
  return run(model, sitePasses(scheme), windows, options);
}

/** The parameters of all blocks. */
export function layersOf({ architecture, source }: Model): Promise<LayerWeights[]> {
  return Promise.all(
    Array.from({ length: architecture.layers }, (_, layer) => source.layer(layer)),
  );
}

/** The weights of all linear maps, by `query of layer 1`. */
export async function linearWeights(model: Model): Promise<Map<string, Float32Array>> {
  const layers = await layersOf(model);
  return new Map(
    layers.flatMap((layer, index) =>
      linearNames.filter((name) => layer[name]).map((name): [string, Float32Array] => [
        `${name} of layer ${index}`,
        decodeMatrix(layer[name]!.weight),
      ])
    ),
  );
}

/** The value of every site, by `mlp.input of layer 1`, window by window, from whole forward passes. */
export async function valuesAtSites(
  model: Model,
  windows: Int32Array[],
  options?: ForwardOptions,
): Promise<Map<string, Float32Array[]>> {
  const values = new Map<string, Float32Array[]>();
  const hook = (value: tf.Tensor, { site, layer }: Visit) => {
    const key = `${site} of layer ${layer}`;
    values.set(key, [...values.get(key) ?? [], tensorData(value).slice()]);
    return value;
  };
  using open = await openModel(model);
  for (const window of windows) tidy(() => void forward(open, window, { ...options, hook }));
  return values;
}

/** The model with other parameters of its blocks. */
export async function withLayers(
  model: Model,
  change: (layer: LayerWeights, index: number) => LayerWeights,
): Promise<Model> {
  const layers = (await layersOf(model)).map(change);
  const layer = (index: number) => Promise.resolve(layers[index]);
  return { ...model, source: { ...model.source, layer } };
}

/** A weight that must consist of codes. */
export function asAffine(weight: StoredMatrix): AffineMatrix {
  if (weight instanceof AffineMatrix) return weight;
  throw new TypeError("the weight must consist of codes");
}
