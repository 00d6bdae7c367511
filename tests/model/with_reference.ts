import {
  type Architecture,
  forward,
  logits,
  type OpenModel,
  saveModel,
  type SiteHook,
} from "../../lib/model/mod.ts";
import { tensorData, tidy } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import type { ReferenceToken } from "./reference_decoder.ts";
import { type ReferenceFamily, referenceFamily } from "./reference_families.ts";
import { ReferenceWeights } from "./reference_weights.ts";
import { withRandomModel } from "./tiny_models.ts";

/** Runs a test on a random model and on the reference decoder, which reads it from a folder. */
export async function withReference(
  architecture: Architecture,
  test: (model: OpenModel, reference: ReferenceFamily) => void,
): Promise<void> {
  await withRandomModel(architecture, async (model, stored) => {
    await withFolder(async (folder) => {
      await saveModel(stored, folder, "F32");
      test(model, referenceFamily(new ReferenceWeights(folder)));
    });
  });
}

/** The logits of a window, `[tokens * vocabulary]`. */
export function logitsOf(model: OpenModel, ids: Int32Array, hook?: SiteHook): Float32Array {
  return tidy(() => tensorData(logits(model, forward(model, ids, { hook }).hidden)).slice());
}

/** The logits that the reference decoder gives a token. */
export function logitsIn(reference: ReferenceFamily) {
  return ({ hidden }: ReferenceToken) => reference.logits(hidden);
}
