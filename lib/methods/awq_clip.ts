import { decodeMatrix } from "../format/mod.ts";
import { type AwqWeight, forEachGroup, groupingOf, quantizeAwq } from "./awq_weight.ts";

/** Clipped ranges are tried in steps of 1/20 from 1 down to 11/20. */
const clipSteps = 20;
const clipTrials = 10;

/**
 * Searches how far the groups of a weight are best clipped: to the first of ten shares of their largest
 * |weight| that gives the least squared error of the group's part of the output.
 *
 * @param inputs `[tokens, columns]`
 * @returns The largest |weight| that stays, `[rows, groups]`.
 * @throws {InputError} As {@linkcode quantizeAwq}.
 */
export function searchAwqClip(weight: AwqWeight, inputs: Float32Array): Float32Array {
  const { rows, columns } = weight;
  const { groupSize, groups } = groupingOf(weight);
  const grams = Array.from({ length: groups }, (_, group) => {
    const first = group * groupSize;
    return gramOf(inputs, columns, first, Math.min(first + groupSize, columns));
  });
  const largest = new Float32Array(rows * groups);
  forEachGroup(weight, (group, _start, index) => {
    largest[index] = group.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  });
  const best = new Float32Array(largest.length);
  const least = new Float64Array(largest.length).fill(Infinity);
  for (let trial = 0; trial < clipTrials; trial++) {
    const limits = largest.map((each) => each * Math.fround(1 - trial / clipSteps));
    const clipped = clipGroups(weight, limits);
    const rounded = decodeMatrix(quantizeAwq({ ...weight, values: clipped }));
    forEachGroup(weight, (group, start, index) => {
      const error = Float64Array.from(group, (each, i) => rounded[start + i] - each);
      const squared = quadraticForm(grams[index % groups], error);
      if (squared < least[index]) {
        least[index] = squared;
        best[index] = limits[index];
      }
    });
  }
  return best;
}

/** The values of a weight with every group clipped to its limit, `[rows, groups]`. */
export function clipGroups(weight: AwqWeight, limits: Float32Array): Float32Array {
  const result = new Float32Array(weight.values.length);
  forEachGroup(weight, (group, start, index) => {
    const limit = limits[index];
    result.set(group.map((each) => Math.min(Math.max(each, -limit), limit)), start);
  });
  return result;
}

/** The sum of x x^T over all tokens, columns first..end of the inputs, in float64; its lower triangle. */
function gramOf(inputs: Float32Array, columns: number, first: number, end: number): Float64Array {
  const size = end - first;
  const gram = new Float64Array(size * size);
  for (let token = 0; token < inputs.length; token += columns) {
    const x = inputs.subarray(token + first, token + end);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) gram[i * size + j] += x[i] * x[j];
    }
  }
  return gram;
}

/** `v^T G v` of a symmetric matrix, whose lower triangle is read. */
function quadraticForm(matrix: Float64Array, vector: Float64Array): number {
  const size = vector.length;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    let part = 0;
    for (let j = 0; j < i; j++) part += matrix[i * size + j] * vector[j];
    sum += vector[i] * (2 * part + matrix[i * size + i] * vector[i]);
  }
  return sum;
}
