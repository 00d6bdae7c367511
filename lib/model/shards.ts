import { openSafetensors, writeAtomically } from "../io/mod.ts";

/** The file of a model whose weights lie in one. */
export const weightsName = "model.safetensors";

/** The name of one of so many files, counted from 0: `model-00001-of-00033.safetensors`. */
export function shardName(index: number, count: number): string {
  const [place, all] = [index + 1, count].map((each) => String(each).padStart(5, "0"));
  return weightsName.replace(".", `-${place}-of-${all}.`);
}

/** Writes model.safetensors.index.json, which says what lies in which of the files of a folder. */
export async function writeIndex(folder: string, shards: readonly string[]): Promise<void> {
  const places: Record<string, string> = {};
  let bytes = 0;
  for (const shard of shards) {
    const { tensors } = await openSafetensors(`${folder}/${shard}`);
    for (const [name, { byteLength }] of tensors) {
      places[name] = shard;
      bytes += byteLength;
    }
  }
  const index = { metadata: { total_size: bytes }, weight_map: places };
  await writeAtomically(
    `${folder}/${weightsName}.index.json`,
    `${JSON.stringify(index, null, 2)}\n`,
  );
}
