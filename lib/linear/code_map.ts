import { type GridSteps, gridSteps, type UniformGrid } from "../format/mod.ts";
import { kept, type PackedMap, tf } from "../tensor/mod.ts";
import { follow, type LinearMap, type MapOptions } from "./linear_map.ts";

/** A way to multiply codes: how weights lie in memory for it, and what multiplies them. */
export interface CodeProduct<Weight extends { readonly memory: tf.Tensor1D }> {
  /** Products of a value, quantized once on a grid, with the weights of several maps. */
  multiply(
    value: tf.Tensor2D,
    steps: GridSteps,
    maps: PackedMap<Weight>[],
    name: string,
  ): tf.Tensor2D[];
  /** Whether two weights can read the same codes. */
  goTogether(one: Weight, other: Weight): boolean;
  /** What a weight holds besides its memory, in bytes. */
  tableBytes(weight: Weight): number;
}

/**
 * A linear map whose weight is codes in memory, and which quantizes its input.
 *
 * @param product What multiplies; maps go together where they have it, and the grid, in common.
 * @param pack Makes the weight, packed for the grid.
 * @param grid The input's.
 * @param bias `[out]`
 * @param name What errors call the input.
 */
export function codeMap<Weight extends { readonly memory: tf.Tensor1D }>(
  product: CodeProduct<Weight>,
  pack: () => Weight,
  grid: UniformGrid,
  bias: Float32Array | undefined,
  name: string,
): LinearMap {
  const steps = gridSteps(grid);
  const made = kept(() => ({ weight: pack(), bias: bias && tf.tensor1d(bias) }));
  return new CodeMap(product, made.weight, made.bias, grid, steps, name);
}

class CodeMap<Weight extends { readonly memory: tf.Tensor1D }> implements LinearMap {
  constructor(
    readonly product: CodeProduct<Weight>,
    readonly weight: Weight,
    readonly bias: tf.Tensor1D | undefined,
    readonly grid: UniformGrid,
    readonly steps: GridSteps,
    readonly name: string,
  ) {}

  get byteLength(): number {
    const { product, weight, bias } = this;
    return 4 * (weight.memory.size + (bias?.size ?? 0)) + product.tableBytes(weight);
  }

  apply(value: tf.Tensor2D, options?: MapOptions): tf.Tensor2D {
    return this.applyWith([], value, options)![0];
  }

  applyWith(
    others: readonly LinearMap[],
    value: tf.Tensor2D,
    options?: MapOptions,
  ): tf.Tensor2D[] | undefined {
    const isLike = (other: LinearMap): other is CodeMap<Weight> =>
      other instanceof CodeMap && other.product === this.product && other.grid === this.grid &&
      this.product.goTogether(this.weight, other.weight);
    if (!others.every(isLike)) return undefined;
    return this.product.multiply(value, this.steps, [this, ...others], this.name)
      .map((output) => follow(output, options));
  }

  [Symbol.dispose](): void {
    this.weight.memory.dispose();
    this.bias?.dispose();
  }
}
