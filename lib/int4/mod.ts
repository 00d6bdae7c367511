export { fromOffsetBinary, SIGNED_ZERO_POINT, toOffsetBinary } from "./codes.ts";
export {
  accumulateLanes,
  accumulateLanesChecked,
  multiplyPair,
  packPair,
  SAFE_ADDITIONS,
  splitLanes,
  spreadProducts,
} from "./lanes.ts";
export { type PackedWeights, packWeights, type WeightLayout } from "./packed_weights.ts";
export { dotInt4, type Int4Options, type LaneOverflow, type RegisterObserver } from "./dot.ts";
export { matmulInt4 } from "./matmul.ts";
export { linearInt4 } from "./linear.ts";
export { packLanes, panelColumns, panelRows } from "./pack_lanes.ts";
export { type Int4Kernels, int4Kernels } from "./kernels.ts";
export { linearInt4Simd, matmulInt4Simd } from "./simd.ts";
export { type FixedPointScale, fixedPointScale, requantizeInt4 } from "./requantize.ts";
export type { RegisterName } from "./registers.ts";
export { type BitField, type RegisterState, traceDotInt4 } from "./trace.ts";
