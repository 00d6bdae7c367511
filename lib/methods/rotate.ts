import { require, seededRandom } from "../core/mod.ts";
import { decodeMatrix } from "../format/mod.ts";
import {
  type Architecture,
  type LayerWeights,
  type Model,
  type OuterWeights,
  type RotatedSite,
  type StoredModule,
} from "../model/mod.ts";
import { hadamardOrder, requireHadamard, rotateByHadamard } from "../quant/mod.ts";
import type { Method, MethodSettings, RotationSettings } from "./method.ts";
import type { Pass } from "./pass.ts";
import {
  absorbNorm,
  centreOutputs,
  centreRows,
  changeRows,
  openWide,
  rotateHeads,
  rotateOutputs,
  rotateRows,
  storeWide,
  type WideMap,
} from "./rotate_weights.ts";

/** A method on a rotated model. */
export function rotated<Settings extends MethodSettings>(
  method: Method<Settings>,
): Method<Settings & { rotation: RotationSettings }> {
  return {
    ...method,
    passes: (settings, architecture) => [
      rotationPass(settings.rotation),
      ...method.passes(settings, architecture),
    ],
  };
}

/** Rotates a model before other passes look at it. */
export function rotationPass(settings: RotationSettings): Pass {
  return { name: "rotation", settings, remodel: (model) => rotateModel(model, settings) };
}

/**
 * The same function with the residual stream, the values, queries and keys of each head, what attention gives
 * and what the down projection reads multiplied by Hadamard matrices, whose transposes are in the weights
 * (QuaRot, Ashkboos et al. 2024). Outlier channels are spread over all channels.
 *
 * - Norms leave gain and bias to the maps that read them, and layer norms their mean to the maps before
 *   them, so that they are RMS norms without parameters, which a rotation passes.
 * - The embedding norm of BLOOM, which no rotation passes, is computed for each row of the embedding; learned
 *   positions (OPT) are rotated as embeddings are. The head is no longer the embedding.
 * - Queries and keys are rotated behind rotary positions while the model runs, in the weights where there are
 *   none. So are, while it runs, `mlp.hidden` and, across heads, `attn.output`: unless no Hadamard matrix
 *   has as many rows as there are heads (9, 14): then it is within heads alone.
 *
 * Blocks are changed as they are read; what is changed is stored as float32.
 *
 * @throws {InputError} If norms stand elsewhere than before attention and MLP, embeddings are not as wide as
 *   the stream, a layer norm before the head is missing, a size has no Hadamard matrix, or the seed is out
 *   of range.
 */
export function rotateModel(model: Model, { seed }: RotationSettings): Model {
  const { architecture, source } = model;
  requireRotatable(model);
  const random = seededRandom(seed);
  const signs = Int8Array.from(
    { length: architecture.hiddenSize },
    () => random.uniform() < 0.5 ? -1 : 1,
  );
  return {
    ...model,
    architecture: rotatedArchitecture(architecture),
    source: {
      ...source,
      free: undefined, // what is rotated is made anew
      outer: rotateOuter(source.outer, architecture, signs),
      async layer(index) {
        const weights = await source.layer(index);
        const rotated = rotateLayer(weights, architecture, signs);
        source.free?.(weights);
        return rotated;
      },
    },
  };
}

function requireRotatable({ name, architecture }: Model): void {
  const { normPlacement, embeddingSize, hiddenSize, norm, finalNorm } = architecture;
  const action = `rotate ${name}`;
  const isBefore = normPlacement === "before";
  require(isBefore, action, "its norms must stand before attention and MLP", normPlacement);
  const isAsWide = embeddingSize === hiddenSize;
  require(isAsWide, action, `its embeddings must have ${hiddenSize} channels`, embeddingSize);
  const isNormed = norm === "rms" || finalNorm;
  require(isNormed, action, "a norm must stand before its head, as layer norms before its maps do");
  requireHadamard(hiddenSize, action, "its stream");
  requireHadamard(architecture.headDim, action, "a head");
  requireHadamard(architecture.intermediateSize, action, "mlp.hidden");
}

function rotatedArchitecture(architecture: Architecture): Architecture {
  const { positions, heads } = architecture;
  const rotatedSites: RotatedSite[] = [
    ...positions.kind === "rotary" ? ["attn.q", "attn.k"] as const : [],
    ...mixesHeads(heads) ? ["attn.output"] as const : [],
    "mlp.hidden",
  ];
  return {
    ...architecture,
    ...{ norm: "rms", normAffine: false, embeddingNorm: false, tiedHead: false },
    rotatedSites,
  };
}

/** Whether a Hadamard matrix has as many rows as there are heads. */
function mixesHeads(heads: number): boolean {
  return heads > 1 && hadamardOrder(heads) !== undefined;
}

function rotateOuter(
  outer: OuterWeights,
  architecture: Architecture,
  signs: Int8Array,
): OuterWeights {
  const { embedding, positionEmbedding, embeddingNorm, finalNorm, head } = outer;
  const { norm, normEpsilon } = architecture;
  const onStream = (module: StoredModule, normedBy?: (row: Float64Array) => void) => ({
    weight: changeRows(module.weight, (values, columns) => {
      for (let start = 0; normedBy && start < values.length; start += columns) {
        normedBy(values.subarray(start, start + columns));
      }
      if (norm === "layer") centreRows(values, columns);
      rotateRows(values, signs);
    }),
  });
  const ofEmbedding = architecture.embeddingNorm
    ? layerNorm(embeddingNorm, normEpsilon)
    : undefined;
  return {
    embedding: onStream(embedding!, ofEmbedding),
    ...positionEmbedding && { positionEmbedding: onStream(positionEmbedding) },
    head: rotateHead(head ?? embedding!, finalNorm, signs),
  };
}

/** What the head reads is what other maps read; its rows are too many to change at once. */
function rotateHead(
  { weight, bias }: StoredModule,
  norm: StoredModule | undefined,
  signs: Int8Array,
): StoredModule {
  const shift = norm?.bias && new Float32Array(weight.rows);
  const changed = changeRows(weight, (values, columns, firstRow) => {
    const part: WideMap = { rows: values.length / columns, columns, values };
    absorbNorm(part, norm);
    if (part.bias) shift!.set(part.bias, firstRow);
    rotateRows(values, signs);
  });
  return {
    weight: changed,
    bias: bias && shift ? bias.map((each, i) => each + shift[i]) : shift ?? bias,
  };
}

/** Norms a row in place. */
function layerNorm(module: StoredModule | undefined, epsilon: number): (row: Float64Array) => void {
  const gain = module && decodeMatrix(module.weight);
  const bias = module?.bias;
  return (row) => {
    centreRows(row, row.length);
    const power = row.reduce((sum, value) => sum + value ** 2, 0) / row.length;
    const scale = 1 / Math.sqrt(power + epsilon);
    for (let i = 0; i < row.length; i++) {
      row[i] = row[i] * scale * (gain?.[i] ?? 1) + (bias?.[i] ?? 0);
    }
  };
}

function rotateLayer(
  layer: LayerWeights,
  { norm, heads, headDim, intermediateSize, positions }: Architecture,
  signs: Int8Array,
): LayerWeights {
  const { inputNorm, mlpNorm } = layer;
  const reading =
    (before: StoredModule | undefined, isTurned: boolean) => (module: StoredModule) => {
      const map = openWide(module);
      absorbNorm(map, before);
      rotateRows(map.values, signs);
      if (isTurned) rotateHeads(map, headDim);
      return storeWide(map);
    };
  const writing = (turnInputs: (values: Float64Array) => void) => (module: StoredModule) => {
    const map = openWide(module);
    turnInputs(map.values);
    if (norm === "layer") centreOutputs(map);
    rotateOutputs(map, signs);
    return storeWide(map);
  };
  const matched = reading(inputNorm, positions.kind !== "rotary");
  const expanding = reading(mlpNorm, false);
  return {
    query: matched(layer.query!),
    key: matched(layer.key!),
    value: reading(inputNorm, true)(layer.value!),
    output: writing((values) => {
      rotateByHadamard(values, headDim);
      if (mixesHeads(heads)) rotateByHadamard(values, heads, headDim);
    })(layer.output!),
    ...layer.gate && { gate: expanding(layer.gate) },
    up: expanding(layer.up!),
    down: writing((values) => rotateByHadamard(values, intermediateSize))(layer.down!),
  };
}
