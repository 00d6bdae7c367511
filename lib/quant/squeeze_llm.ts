import { require, seededRandom, type Step } from "../core/mod.ts";
import {
  codebookMatrix,
  encodeFloats,
  sparseMatrix,
  type StoredMatrix,
  sumMatrix,
} from "../format/mod.ts";
import { requireBits, requireChoice, requireFinite } from "./checks.ts";
import { type ScaleDtype, scaleDtypes } from "./weight_grid.ts";
import { sensitiveOutliers } from "./weight_outliers.ts";
import { clusterValues, drawCentroids, weighValues } from "./weighted_clusters.ts";

/** How SqueezeLLM quantizes weight matrices. */
export interface SqueezeLlmOptions {
  /** 2..8. */
  bits: number;
  /** Of the draw of centroids, an integer of 0 or more. */
  seed: number;
  /** The share of weights that are kept for their Fisher information; none unless given. */
  sensitiveShare?: number;
  /** The share of weights that are kept for their magnitude; none unless given. */
  magnitudeShare?: number;
  /** What codebooks and kept weights are stored as; F32 unless given. */
  floatDtype?: ScaleDtype;
}

/** A weight matrix, and what is known of it. */
export interface SensitiveWeight {
  /** `[rows, columns]`, i.e. `[out, in]`. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** The Fisher information of each weight, or what is in proportion to it. */
  fisher: Float32Array;
  /** Weights of at least this magnitude are kept as they are; none unless given. */
  threshold?: number;
  /** What errors call it. */
  name?: string;
}

/**
 * SqueezeLLM (Kim et al. 2023) as SqueezeAILab/SqueezeLLM computes it: the weights of each row are clustered, each
 * weighing as much as its Fisher information; of the most sensitive and the largest ones, which weigh nothing
 * there, what the codebook lacks is kept beside it.
 *
 * On purpose it differs from that code: values of codebooks are in ascending order, and where they are drawn the
 * random numbers are other ones.
 *
 * @param onStep Called before some rows.
 * @throws {InputError} If an option or a shape does not fit, or a weight is not finite.
 */
export function squeezeLlm(
  weight: SensitiveWeight,
  options: SqueezeLlmOptions,
  onStep: Step = () => {},
): StoredMatrix {
  const { values, rows, columns, fisher, name = "weight" } = weight;
  const { bits, seed, floatDtype = "F32" } = options;
  requireSqueezeLlm(options, name);
  const most = 2 ** 20; // of values in a row
  require(columns <= most, `quantize ${name}`, `it must have at most ${most} columns`, columns);
  const rule = `it must hold ${rows} x ${columns} values, and as many of Fisher information`;
  const fits = values.length === rows * columns && fisher.length === values.length;
  require(fits, `quantize ${name}`, rule, [values.length, fisher.length]);
  requireFinite(values, name);
  requireFinite(fisher, `the Fisher information of ${name}`);
  const isKept = keptWeights(weight, options);
  const random = seededRandom(seed);
  const codes = new Uint8Array(values.length);
  const codebooks = new Float32Array(rows * 2 ** bits);
  for (let row = 0; row < rows; row++) {
    if (row % 64 === 0) onStep(row / rows);
    const [start, end] = [row * columns, (row + 1) * columns];
    const dense = values.slice(start, end).map((value, i) => isKept[start + i] ? 0 : value);
    const masses = dense.map((value, i) => value === 0 ? 0 : fisher[start + i]);
    const weighed = weighValues(dense, masses);
    const found = clusterValues(weighed, drawCentroids(weighed, 2 ** bits, random));
    codes.set(found.codes, start);
    codebooks.set(found.centroids, row * 2 ** bits);
  }
  const base = codebookMatrix({
    ...{ rows, columns, bits, codes, name },
    codebooks: encodeFloats(codebooks, floatDtype),
  });
  if (!isKept.includes(1)) return base;
  const lacking = new Float32Array(values.length);
  base.decode(0, lacking);
  const corrections = lacking.map((value, i) => isKept[i] ? values[i] - value : 0);
  const sparse = sparseMatrix(corrections, rows, columns, { dtype: floatDtype, name });
  return sumMatrix(base, [sparse], name);
}

/** Which weights are kept beside the codebooks: 1 for each of them. Those that are 0 need not be. */
export function keptWeights(
  { values, fisher, threshold = Infinity }: SensitiveWeight,
  { sensitiveShare = 0 }: Pick<SqueezeLlmOptions, "sensitiveShare">,
): Uint8Array {
  return sensitiveOutliers(fisher, sensitiveShare).map((isSensitive, i) =>
    values[i] !== 0 && (isSensitive || Math.abs(values[i]) >= threshold) ? 1 : 0
  );
}

/** Refuses options that do not fit. */
export function requireSqueezeLlm(
  { bits, sensitiveShare = 0, magnitudeShare = 0, floatDtype = "F32" }: SqueezeLlmOptions,
  name: string,
): void {
  requireBits(bits, name);
  requireChoice(floatDtype, scaleDtypes, "floatDtype", name);
  for (const [setting, share] of Object.entries({ sensitiveShare, magnitudeShare })) {
    const isShare = share >= 0 && share < 1;
    require(isShare, `quantize ${name}`, `${setting} must be at least 0 and below 1`, share);
  }
}
