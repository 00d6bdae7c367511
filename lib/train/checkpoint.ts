import { exists, openSafetensors, writeSafetensors } from "../io/mod.ts";
import { buildWeights, type Model, parameters } from "../model/mod.ts";
import { tensorData, tf } from "../tensor/mod.ts";
import type { Moments } from "./adamw.ts";
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
  const tensors = parameters(model.weights).flatMap((tensor, index) => {
    const entry = { dtype: "F32" as const, shape: tensor.shape };
    return [
      { ...entry, name: `${index}.value`, data: tensorData(tensor) },
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
 * @param initial A model of the same architecture; its parameters are not used.
 * @returns The model and the state, or undefined if there is none for this recipe.
 */
export async function resumeTraining(
  folder: string,
  recipe: string,
  initial: Model,
): Promise<{ model: Model; state: TrainingState } | undefined> {
  const path = `${folder}/${fileName}`;
  if (!await exists(path)) return undefined;
  const file = await openSafetensors(path);
  try {
    if (file.metadata.recipe !== recipe) return undefined;
    const moments: Moments[] = [];
    const read = async (name: string) => (await file.readFloat32(name)).data;
    const next = async (shape: number[]) => {
      const index = moments.length;
      moments.push({ first: await read(`${index}.first`), second: await read(`${index}.second`) });
      return tf.tensor(await read(`${index}.value`), shape);
    };
    const weights = await buildWeights(initial.architecture, async ({ weight, bias }) => ({
      weight: await next(weight),
      ...bias && { bias: await next([weight[0]]) as tf.Tensor1D },
    }));
    const losses = Array.from((await file.read("losses")).data as Float64Array);
    return {
      model: { ...initial, weights },
      state: { step: Number(file.metadata.step), moments, losses },
    };
  } finally {
    file.close();
  }
}
