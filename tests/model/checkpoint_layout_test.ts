import { assertEquals } from "@std/assert";
import { storedTensors } from "../../lib/model/checkpoint_layout.ts";
import { families as byName } from "../../lib/model/families.ts";
import { readGolden } from "../golden/read_golden.ts";
import { families } from "./tiny_models.ts";

Deno.test("storedTensors() puts query, key and value of BLOOM into one tensor, in this order", () => {
  const tensors = storedTensors(byName.bloom, families.bloom, "transformer.");
  const fused = tensors.filter(({ modules }) => modules.length > 1);
  const place = (layer: number, kind: string) =>
    `transformer.h.${layer}.self_attention.query_key_value.${kind}`;
  assertEquals(fused.map(({ name, shape, kind }) => [name, shape, kind]), [
    [place(0, "weight"), [72, 24], "weight"],
    [place(0, "bias"), [72], "bias"],
    [place(1, "weight"), [72, 24], "weight"],
    [place(1, "bias"), [72], "bias"],
  ]);
  for (const { modules } of fused) {
    assertEquals(modules.map(({ name }) => name), ["query", "key", "value"]);
  }
});

Deno.test("storedTensors() leaves the shapes of modules as they are", () => {
  const before = structuredClone(families.bloom);
  const once = storedTensors(byName.bloom, families.bloom, "");
  assertEquals(storedTensors(byName.bloom, families.bloom, ""), once);
  assertEquals(families.bloom, before);
});

Deno.test("storedTensors() puts no prefix in front of the head", () => {
  const untied = { ...families.llama, tiedHead: false };
  const names = storedTensors(byName.llama, untied, "model.").map(({ name }) => name);
  assertEquals(names.filter((name) => !name.startsWith("model.")), ["lm_head.weight"]);
  assertEquals(names.length, new Set(names).size);
});

for (
  const [family, folder] of [["llama", "llama"], ["opt", "opt-pre"], ["bloom", "bloom"]] as const
) {
  Deno.test(`storedTensors() has names and ranks of the official checkpoint: ${family}`, () => {
    const prefix = byName[family].names.prefixes[0];
    const official = [...readGolden(`hf/${folder}/model.safetensors`).tensors];
    const tensors = storedTensors(byName[family], { ...families[family], layers: 3 }, prefix);
    const describe = (name: string, shape: ArrayLike<number>) =>
      `${name.replace("transformer.", "")} ${shape.length}`;
    assertEquals(
      tensors.map(({ name, shape }) => describe(name, shape)).toSorted(),
      official.map(([name, { shape }]) => describe(name, shape))
        .filter((name) => !/inv_freq|lm_head/.test(name)).toSorted(),
    );
  });
}
