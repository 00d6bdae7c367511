import { InputError, refuse, require } from "../core/mod.ts";
import { exists, openSafetensors, readSummed, writeSummed } from "../io/mod.ts";
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
  { moments, losses }: TrainingState,
): Promise<void> {
  const tensors = (await parametersOf(model)).flatMap(({ shape, values }, index) => {
    const entry = { dtype: "F32" as const, shape };
    const { first, second } = moments[index];
    return [
      { ...entry, name: `${index}.first`, data: first },
      { ...entry, name: `${index}.second`, data: second },
      { ...entry, name: `${index}.value`, data: values },
    ];
  });
  const curve = {
    ...{ name: "losses", dtype: "F64" as const, shape: [losses.length] },
    data: Float64Array.from(losses),
  };
  await writeSummed(`${folder}/${fileName}`, fileName, [...tensors, curve], { recipe });
}

/** The state of a training with its model. */
interface Training {
  model: Model;
  state: TrainingState;
}

/**
 * Reads what {@linkcode saveTraining} wrote.
 *
 * @param name What to call the model.
 * @param architecture That of the model that was saved.
 * @returns The model and the state, or undefined if there is none for this recipe.
 * @throws {InputError} If the file cannot be read or is damaged.
 */
export async function resumeTraining(
  folder: string,
  recipe: string,
  name: string,
  architecture: Architecture,
): Promise<Training | undefined> {
  const path = `${folder}/${fileName}`;
  if (!await exists(path)) return undefined;
  try {
    return await readTraining(path, recipe, name, architecture);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${error.message}; once it is removed, training begins anew`);
  }
}

async function readTraining(
  path: string,
  recipe: string,
  name: string,
  architecture: Architecture,
): Promise<Training | undefined> {
  const file = await openSafetensors(path);
  if (file.metadata.recipe !== recipe) return undefined;
  const action = `read ${path}`;
  const { tensors } = await readSummed(path, fileName);
  const read = (name: string) => tensors.get(name) ?? refuse(action, "it must have tensor", name);
  const { data: losses } = read("losses");
  require(losses instanceof Float64Array, action, "its losses must be F64");
  const arrays: Float32Array[] = [];
  for (const [index, shape] of shapesOf(architecture).entries()) {
    for (const part of ["first", "second", "value"]) {
      const tensor = `${index}.${part}`;
      const { shape: found, data } = read(tensor);
      const rule = `tensor ${tensor} must have shape [${shape}]`;
      require(found.join() === shape.join(), action, rule, found);
      require(data instanceof Float32Array, action, `tensor ${tensor} must be F32`);
      arrays.push(data);
    }
  }
  const values: Float32Array[] = [];
  const moments: Moments[] = [];
  for (let i = 0; i < arrays.length; i += 3) {
    moments.push({ first: arrays[i], second: arrays[i + 1] });
    values.push(arrays[i + 2]);
  }
  return {
    model: await withParameters({ name, architecture }, values),
    state: { step: losses.length, moments, losses: Array.from(losses) },
  };
}

/** The shapes of all parameters, in the order of `parametersOf`. */
function shapesOf(architecture: Architecture): number[][] {
  return moduleShapes(architecture).flatMap((shape) =>
    parameterKinds(shape).map((kind) => parameterShape(shape, kind))
  );
}
