import type { AffineMatrix } from "../format/mod.ts";
import type { PackedSettings } from "./packed_settings.ts";

/** The tensors in which a linear map is packed, whose names begin with the map's. */
export const packedParts = ["qweight", "qzeros", "scales", "g_idx"] as const;

/** One of {@linkcode packedParts}. */
export type PackedPart = typeof packedParts[number];

/** The shapes of the parts of a map, as far as they are there. */
export type PackedShapes = Partial<Record<PackedPart, readonly number[]>>;

/** What the parts of a map hold. */
export interface PackedValues {
  qweight: Int32Array;
  qzeros: Int32Array;
  /** `[groups, out]`. */
  scales: Float32Array | Float16Array;
  /** The group of each input; groups of adjacent inputs without it. */
  groupIndex?: Int32Array;
}

/** What a map is once its parts are put together. */
export interface PackedShape {
  /** Outputs. */
  rows: number;
  /** Inputs. */
  columns: number;
  groups: number;
}

/** How a method packs the codes of a map. */
export interface PackedLayout {
  /** Outputs and inputs, by the shapes of matrices `qweight`, of `scales` and, where it is there, `g_idx`. */
  size(shapes: PackedShapes, settings: PackedSettings): { rows: number; columns: number };
  /** The shapes that the parts of such a map must have. */
  shapes(shape: PackedShape, settings: PackedSettings): Record<PackedPart, number[]>;
  /** The map, its codes as they are. */
  matrix(
    values: PackedValues,
    shape: PackedShape,
    settings: PackedSettings,
    name: string,
  ): AffineMatrix;
}

/** The group of each input where the groups are of so many adjacent ones. */
export function adjacentGroups(columns: number, groupSize: number): Int32Array {
  return Int32Array.from({ length: columns }, (_, column) => Math.floor(column / groupSize));
}
