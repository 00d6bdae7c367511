export {
  type Granularity,
  mergeRanges,
  type ObserveOptions,
  observeRange,
  type Range,
} from "./range.ts";
export { type UniformFormat, uniformGrid } from "./uniform_grid.ts";
export {
  dequantizeUniform,
  quantizeUniform,
  type UniformOptions,
  type UniformQuantized,
} from "./uniform.ts";
export { fakeQuantizeUniform } from "./fake_uniform.ts";
export {
  dequantizeFromMinimum,
  type MinimumCodes,
  type MinimumDtype,
  quantizeFromMinimum,
} from "./minimum_codes.ts";
export { type ClippedFormat, clippedGrid } from "./clipped_grid.ts";
export { type AbsmaxQuantized, dequantizeAbsmax, quantizeAbsmax } from "./absmax.ts";
export {
  dequantizeLog2,
  type Log2Options,
  type Log2Params,
  type Log2Quantized,
  quantizeLog2,
} from "./log2.ts";
export { fakeQuantizeLog2 } from "./fake_log2.ts";
export {
  type AddTripErrors,
  addTripErrors,
  searchTrip,
  startTrip,
  type TripOptions,
  type TripParams,
  type TripSearch,
} from "./trip.ts";
export { allocate, type StorageChoice } from "./allocate.ts";
export { type CrossOptions, type CrossQuantized, dequantizeCross, quantizeCross } from "./cross.ts";
export {
  dequantizeVectorwise,
  quantizeVectorwise,
  roundToHalf,
  type VectorwiseQuantized,
} from "./vectorwise.ts";
export { leadingTriplets, type SingularTriplets } from "./leading_triplets.ts";
export { type ChannelExtremes, channelExtremes, channelPersistence } from "./channels.ts";
export { decibels, type NoisePower, noisePower } from "./noise.ts";
export { foldTrip } from "./fold.ts";
export { rtn, rtnOf, type RtnOptions } from "./rtn.ts";
export { gptq } from "./gptq.ts";
export { HessianFactor, type HessianOptions } from "./hessian_factor.ts";
export { spqr, type SpqrOptions, type SpqrResult } from "./spqr.ts";
export { GptqFactor, type GptqOptions, type GptqResult } from "./gptq_factor.ts";
export { plainAlgebra, type WideAlgebra } from "./wide_algebra.ts";
export {
  roundScale,
  type ScaleDtype,
  scaleDtypes,
  weightCode,
  type WeightFormat,
  type WeightGrid,
  type WeightRange,
} from "./weight_grid.ts";
export { weightGrouping } from "./grouping.ts";
export { Magnitudes, rangeOfShare } from "./weight_outliers.ts";
export { requireSqueezeLlm, squeezeLlm, type SqueezeLlmOptions } from "./squeeze_llm.ts";
export { ShiftAddFactor, type ShiftAddOptions, type ShiftAddResult } from "./shift_add.ts";
export { requireFinite, requireFiniteGrid, SCALE_FLOOR } from "./checks.ts";
export { type Hadamard, hadamardMatrix, hadamardOrder } from "./hadamard.ts";
export {
  type HadamardFactors,
  hadamardFactors,
  type OrthogonalMatrix,
  requireHadamard,
  rotateByHadamard,
} from "./hadamard_rotation.ts";
export {
  dequantizeTyped,
  encodeTyped,
  quantizeTyped,
  roundTyped,
  tensorScale,
  type TypedOptions,
  type TypedQuantized,
} from "./typed.ts";
export {
  type ExponentRounding,
  exponentRoundings,
  type ScaleOptions,
  type ScaleRule,
  scaleRules,
} from "./scale_rules.ts";
export {
  averageBits,
  type ChannelBlocks,
  channelBlocks,
  type ChannelBlocksOptions,
  type ChannelBlocksQuantized,
  dequantizeChannelBlocks,
  quantizeChannelBlocks,
} from "./channel_blocks.ts";
export {
  dequantizeDynamicFixed,
  type DynamicFixed,
  quantizeDynamicFixed,
} from "./dynamic_fixed.ts";
export { bitMod, type BitModOptions, bitModTypes } from "./bitmod.ts";
export {
  multiplyByShifts,
  type ShiftFormat,
  shiftFormats,
  shiftProduct,
  type ShiftWeights,
} from "./shift_product.ts";
export {
  type BitPlanes,
  multiplyByTables,
  type QuantizedTables,
  quantizeTables,
  signedSumTables,
} from "./table_product.ts";
export { lMul, lMulOffset, powersOf, roundMantissas } from "./l_mul.ts";
