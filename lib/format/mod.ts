/**
 * How numbers are stored: matrices of weights, each of which knows its bytes and decodes rows on
 * demand, and the grids of activations.
 */
export {
  bitsPerWeight,
  decodeMatrix,
  firstNonFinite,
  type RowMatrix,
  rowsWanted,
  sameMatrix,
  type StoredMatrix,
} from "./stored_matrix.ts";
export { type Storage, type StorageFacts, storageOf } from "./storage.ts";
export {
  encodeFloats,
  type FloatArrays,
  type FloatDtype,
  FloatMatrix,
  floatMatrix,
} from "./float_matrix.ts";
export {
  type AffineCodes,
  AffineMatrix,
  affineMatrix,
  type PackedAffineCodes,
  packedAffineMatrix,
} from "./affine_matrix.ts";
export {
  type BilevelCodes,
  BilevelMatrix,
  bilevelMatrix,
  type Statistics,
} from "./bilevel_matrix.ts";
export { packCodes, unpackCodes } from "./packed_codes.ts";
export { type CodebookCodes, CodebookMatrix, codebookMatrix } from "./codebook_matrix.ts";
export { type Summand, SumMatrix, sumMatrix } from "./sum_matrix.ts";
export { type BinaryCodes, BinaryMatrix, binaryMatrix, signedSums } from "./binary_matrix.ts";
export { decodePowers, encodePowers, greatestPowerSum } from "./power_sum.ts";
export { SparseMatrix, sparseMatrix } from "./sparse_matrix.ts";
export { LowRankMatrix, lowRankMatrix } from "./low_rank_matrix.ts";
export { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "./float16.ts";
export type { Profile, UniformGrid } from "./uniform_grid.ts";
export { type GridSteps, gridSteps } from "./grid_steps.ts";
export { type CommonStep, commonStep, finestStep } from "./common_step.ts";
export type { LanePanels } from "./lane_panels.ts";
export {
  BlockMatrix,
  blockMatrix,
  type BlockTypeName,
  blockTypes,
  isBlockType,
} from "./block_matrix.ts";
export {
  type Triangle,
  triangleLength,
  triangleOf,
  triangleRow,
  triangleSize,
} from "./triangle.ts";
export {
  addCounts,
  describeCounts,
  entriesOf,
  type Operation,
  type OperationCounts,
  repeatCounts,
} from "./operation_counts.ts";
export { energyOf, energyOfOperation, energySource } from "./operation_energy.ts";
export type { NumberType } from "./number_type.ts";
export { type Encoder, encoderOf } from "./encoder.ts";
export {
  type FloatFormat,
  type FloatSpecials,
  floatSpecials,
  type FloatType,
  floatType,
} from "./float_type.ts";
export { integerType } from "./integer_type.ts";
export { FixedMatrix, fixedMatrix } from "./fixed_matrix.ts";
export { listedType } from "./listed_type.ts";
export { powerType } from "./power_type.ts";
export { floatScales, type GroupScales, powerScales, sameScale } from "./group_scales.ts";
export { type TypedCodes, TypedMatrix, typedMatrix } from "./typed_matrix.ts";
export { arrayOf, fromParts, type NumberArray, type Parts, partsOf } from "./matrix_parts.ts";
