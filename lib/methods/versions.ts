import { canonicalJson } from "../core/mod.ts";
import type { Quantized } from "./calibrate.ts";
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
   * What these passes make of the model.
   *
   * @param make Called where it has not been made yet; if that fails, the next call tries again.
   */
  get(passes: readonly Pass[], make: () => Promise<Quantized>): Promise<Quantized> {
    const key = versionKey(passes);
    const known = this.#made.get(key);
    if (known) return known;
    const making = make();
    this.#made.set(key, making);
    making.catch(() => this.#made.delete(key));
    return making;
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
