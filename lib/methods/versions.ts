import { canonicalJson } from "../core/mod.ts";
import { type BlockStore, needsCalibration, type Quantized } from "./calibrate.ts";
import type { Architecture } from "../model/mod.ts";
import type { ConfiguredMethod } from "./method.ts";
import type { Pass } from "./pass.ts";

/**
 * The versions of one model that passes make of it, made when first asked for and kept, so that methods
 * that agree on the weights share the work. One calibration belongs to all of them.
 */
export class Versions {
  #made = new Map<string, Promise<Quantized>>();

  /**
   * @param storeOf Where blocks are kept between processes that passes make from calibration windows, by what
   *   the passes do; in memory alone unless given, and where a pass says of the same windows what becomes of
   *   activations.
   */
  constructor(private readonly storeOf?: (key: string) => Promise<BlockStore>) {}

  /**
   * What these passes make of the model.
   *
   * @param make Called where it has not been made yet, with where blocks are kept; if that fails, the next call
   *   tries again.
   */
  get(
    passes: readonly Pass[],
    make: (store?: BlockStore) => Promise<Quantized>,
  ): Promise<Quantized> {
    const key = versionKey(passes);
    const known = this.#made.get(key);
    if (known) return known;
    const isKept = needsCalibration(passes) && passes.every(({ quantize }) => !quantize);
    const making = this.#make(key, isKept, make);
    this.#made.set(key, making);
    making.catch(() => this.#made.delete(key));
    return making;
  }

  async #make(
    key: string,
    isKept: boolean,
    make: (store?: BlockStore) => Promise<Quantized>,
  ): Promise<Quantized> {
    return await make(isKept ? await this.storeOf?.(key) : undefined);
  }
}

/** The passes up to the last one that changes weights: methods that agree in them share the work. */
export function weightPasses(passes: readonly Pass[]): readonly Pass[] {
  return passes.slice(0, passes.findLastIndex(({ rewrite, remodel }) => rewrite || remodel) + 1);
}

/** What methods agree in whose quantized weights of a model are the same. */
export function sharedWeights(method: ConfiguredMethod, architecture: Architecture): string {
  return versionKey(weightPasses(method.passes(architecture)));
}

/** What passes do, as text: equal where they make the same of a model. */
export function versionKey(passes: readonly Pass[]): string {
  return canonicalJson(passes.map(({ name, settings }) => ({ name, settings })));
}
