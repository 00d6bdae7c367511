import { readGolden } from "../golden/read_golden.ts";

/** The vectors of a rival method's own code, by name, and the cases that they belong to. */
export function rivalGoldens<Case>(stem: string) {
  const { tensors } = readGolden(`rivals/${stem}.safetensors`);
  const path = new URL(`../golden/rivals/${stem}.json`, import.meta.url);
  const { cases }: { cases: Case[] } = JSON.parse(Deno.readTextFileSync(path));
  const find = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${stem} has no tensor ${name}`);
    return tensor.data;
  };
  return {
    cases,
    floats: (name: string) => find(name) as Float32Array,
    integers: (name: string) => find(name) as Int32Array,
    bytes: (name: string) => find(name) as Uint8Array,
  };
}
