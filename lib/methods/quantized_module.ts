import { type AffineMatrix, decodeMatrix } from "../format/mod.ts";
import { linearGroups, type Module, type SiteName } from "../model/mod.ts";
import { tf } from "../tensor/mod.ts";

/** Where each of the {@linkcode linearGroups} reads its input. */
export const inputSites: SiteName[] = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];

/** Where a linear map of a block, such as `query`, reads its input. */
export function inputSite(name: string): SiteName {
  return inputSites[linearGroups.findIndex((group) => group.some((each) => each === name))];
}

/** A linear map whose weight was rounded to a grid, with the codes that give this weight. */
export interface QuantizedModule extends Module {
  codes: AffineMatrix;
}

/** The module with a quantized weight in place of its own. */
export function quantizedModule(
  module: Module,
  codes: AffineMatrix,
): QuantizedModule {
  return {
    ...module,
    weight: tf.tensor(decodeMatrix(codes), [codes.rows, codes.columns]),
    codes,
  };
}

/** Whether a module keeps the codes of its weight. */
export function isQuantized(module: Module): module is QuantizedModule {
  return "codes" in module;
}
