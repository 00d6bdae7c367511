import type { RunHooks } from "../../lib/eval/mod.ts";
import type { Tokenizer } from "../../lib/io/mod.ts";
import {
  type Calibration,
  type ConfiguredMethod,
  type Executed,
  type Execution,
  needsCalibration,
  prepareModel,
} from "../../lib/methods/mod.ts";
import { chooseStartToken, type Model } from "../../lib/model/mod.ts";
import { drawCalibration } from "./calibration.ts";
import { tokenizeSplit } from "./encyclopedia.ts";
import { protocol, windowFor } from "./subject.ts";
import { tokenIds } from "./token_ids.ts";

/**
 * A model as a method of the tables leaves it, calibrated as there: on the encyclopedia.
 *
 * @returns The model, which shares with `full` what stays as it was, and the options of its passes.
 * @throws {InputError} If the tokenizer has tokens that the model does not know or a weight or
 *   activation is not finite.
 * @throws The signal's reason once it is aborted.
 */
export async function quantizedModel(
  full: Model,
  tokenizer: Tokenizer,
  method: ConfiguredMethod,
  { progress, signal }: RunHooks,
  execute?: Execution,
): Promise<Executed> {
  const calibrates = needsCalibration(method.passes(full.architecture));
  const calibration = calibrates ? await calibrate(full, tokenizer) : undefined;
  return await prepareModel(full, method, () => calibration!, { execute, progress, signal });
}

async function calibrate(model: Model, tokenizer: Tokenizer): Promise<Calibration> {
  const { ids } = await tokenizeSplit("calibration", tokenizer);
  const window = windowFor(model);
  const known = tokenIds(ids, model, `the tokenizer of ${model.name}`);
  const text = { ids: known, startToken: chooseStartToken(model, tokenizer) };
  return drawCalibration(text, { ...protocol, window });
}
