import { counted, require } from "../core/mod.ts";
import { exists, openSafetensors, writeSafetensors } from "../io/mod.ts";
import {
  type Architecture,
  type Model,
  moduleShapes,
  parameterKinds,
  parameterShape,
} from "../model/mod.ts";
import type { Moments } from "./adamw.ts";
import { parametersOf, withParameters } from "./parameters.ts";
import type { TrainingState } from "./trainer.ts";

const fileName = "training.safetensors";

/**
 * Writes parameters, moments and the loss curve to one file in `folder`, in float32,
 * so that training goes on bit for bit.
 *
 * @param recipe Text that identifies the recipe; resuming demands the same.
 */
export async function saveTraining(
  folder: string,
  recipe: string,
  model: Model,
  { step, moments, losses }: TrainingState,
): Promise<void> {
  const tensors = (await parametersOf(model)).flatMap(({ shape, values }, index) => {
    const entry = { dtype: "F32" as const, shape };
    return [
      { ...entry, name: `${index}.value`, data: values },
      { ...entry, name: `${index}.first`, data: moments[index].first },
      { ...entry, name: `${index}.second`, data: moments[index].second },
    ];
  });
  const curve = { name: "losses", dtype: "F64" as const, shape: [losses.length] };
  await writeSafetensors(
    `${folder}/${fileName}`,
    [...tensors, { ...curve, data: Float64Array.from(losses) }],
    { step: String(step), recipe },
  );
}

/**
 * Reads what {@linkcode saveTraining} wrote.
 *
 * @param name What to call the model.
 * @param architecture That of the model that was saved.
 * @returns The model and the state, or undefined if there is none for this recipe.
 * @throws {InputError} If the file cannot be read or holds something else than was saved.
 */
export async function resumeTraining(
  folder: string,
  recipe: string,
  name: string,
  architecture: Architecture,
): Promise<{ model: Model; state: TrainingState } | undefined> {
  const path = `${folder}/${fileName}`;
  if (!await exists(path)) return undefined;
  const file = await openSafetensors(path);
  if (file.metadata.recipe !== recipe) return undefined;
  const action = `resume training from ${path}`;
  const { data: losses } = await file.read("losses");
  require(losses instanceof Float64Array, action, "its losses must be F64");
  const step = Number(file.metadata.step);
  const rule = `its step must be that of its ${counted(losses.length, "loss", "losses")}`;
  require(step === losses.length, action, rule, file.metadata.step ?? null);
  const moments: Moments[] = [];
  const read = async (tensor: string, shape: number[]) => {
    const { shape: found, data } = await file.read(tensor);
    const rule = `tensor ${tensor} must have shape [${shape}]`;
    require(found.join() === shape.join(), action, rule, found);
    require(data instanceof Float32Array, action, `tensor ${tensor} must be F32`);
    return data;
  };
  const values: Float32Array[] = [];
  for (const shape of shapesOf(architecture)) {
    const index = moments.length;
    moments.push({
      first: await read(`${index}.first`, shape),
      second: await read(`${index}.second`, shape),
    });
    values.push(await read(`${index}.value`, shape));
  }
  return {
    model: await withParameters({ name, architecture }, values),
    state: { step, moments, losses: Array.from(losses) },
  };
}

/** The shapes of all parameters, in the order of `parametersOf`. */
function shapesOf(architecture: Architecture): number[][] {
  return moduleShapes(architecture).flatMap((shape) =>
    parameterKinds(shape).map((kind) => parameterShape(shape, kind))
  );
}
