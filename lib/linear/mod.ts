/** Linear maps by the way they compute: float32, bytes, INT4 lanes. */
export { applyMaps, type LinearMap, type MapOptions, type TokenRows } from "./linear_map.ts";
export { denseMap, denseMapOf } from "./dense_map.ts";
export { fixedMap } from "./fixed_map.ts";
export { lMulMap } from "./l_mul_map.ts";
export { lMulProduct } from "./l_mul_product.ts";
export { storedMap } from "./stored_map.ts";
export { byteMap } from "./byte_map.ts";
export { laneMap } from "./lane_map.ts";
export { integerMaps } from "./integer_maps.ts";
export {
  firstRows,
  requireLower,
  type RowMap,
  splitMap,
  splitRows,
  takeRows,
} from "./split_map.ts";
