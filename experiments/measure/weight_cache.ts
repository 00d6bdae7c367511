import type { RunHooks } from "../../lib/eval/mod.ts";
import { type Calibration, type Method, quantizeWeights } from "../../lib/methods/mod.ts";
import { disposeModel, type Model } from "../../lib/model/mod.ts";

/**
 * The quantized versions of one model, made when first asked for and kept, so that methods that
 * agree on the weights share the work.
 */
export class WeightCache {
  #versions = new Map<string, Model>();

  constructor(readonly model: Model) {}

  /**
   * The model with its weights as the method wants them.
   *
   * @param calibration Asked only where the weight quantizer needs it, and must then be the same
   *   in every call.
   */
  async get(
    { weights }: Method,
    calibration: () => Calibration,
    { progress, signal }: RunHooks,
  ): Promise<Model> {
    const key = JSON.stringify(weights);
    const known = this.#versions.get(key);
    if (known) return known;
    const made = await quantizeWeights(this.model, { weights }, calibration, progress, signal);
    this.#versions.set(key, made);
    return made;
  }

  /** Frees all quantized versions, not the model itself. */
  [Symbol.dispose](): void {
    for (const version of this.#versions.values()) disposeModel(version, this.model);
    this.#versions.clear();
  }
}
