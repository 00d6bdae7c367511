import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { chooseModelFiles, isWholeModel, listedShards } from "../../lib/io/hub_model_files.ts";
import { withFolder } from "./temporary_folder.ts";

const others = [
  "README.md",
  ".gitattributes",
  "tf_model.h5",
  "flax_model.msgpack",
  "rust_model.ot",
];

for (
  const [weights, chosen] of [
    [["model.safetensors", "pytorch_model.bin"], { file: "model.safetensors" }],
    [
      ["model.safetensors.index.json", "model-1.safetensors", "pytorch_model.bin"],
      { index: "model.safetensors.index.json" },
    ],
    [["pytorch_model.bin", "consolidated.safetensors"], { file: "pytorch_model.bin" }],
    [["pytorch_model.bin.index.json"], { index: "pytorch_model.bin.index.json" }],
  ] as const
) {
  Deno.test(`chooseModelFiles() takes of ${weights.join(", ")} one form`, () => {
    const names = [...others, "merges.txt", "config.json", "vocab.json", ...weights];
    assertEquals(chooseModelFiles(names, "download a/b"), {
      settings: ["config.json", "vocab.json", "merges.txt"],
      weights: chosen,
    });
  });
}

for (
  const [names, rule] of [
    [others, "the repository must be of a model, with config.json"],
    [
      ["a.gguf", "b.gguf"],
      "the repository must be of a model, with config.json; :FILE.gguf behind its name means one of " +
      "a.gguf, b.gguf",
    ],
    [
      ["config.json", "a.gguf"],
      "the repository must have model.safetensors or pytorch_model.bin, whole or with an index; " +
      ':FILE.gguf behind its name means one of a.gguf, got ["config.json","a.gguf"]',
    ],
  ] as const
) {
  Deno.test(`chooseModelFiles() refuses ${names.join(", ")}`, () => {
    const choose = () => chooseModelFiles(names, "download a/b");
    assertThrows(choose, InputError, `Cannot download a/b: ${rule}`);
  });
}

const writeIndex = (folder: string, map: unknown) =>
  Deno.writeTextFile(
    `${folder}/model.safetensors.index.json`,
    JSON.stringify({ weight_map: map }),
  );

Deno.test("listedShards() names each file once and refuses one elsewhere", () =>
  withFolder(async (folder) => {
    const index = `${folder}/model.safetensors.index.json`;
    await writeIndex(folder, { b: "2", a: "1", c: "2" });
    assertEquals(await listedShards(index), ["1", "2"]);
    await writeIndex(folder, { a: "../1" });
    await assertRejects(() => listedShards(index), InputError, `Cannot read ${index}: `);
  }));

Deno.test("isWholeModel() misses configuration, weights and shards", () =>
  withFolder(async (folder) => {
    const touch = (name: string) => Deno.writeTextFile(`${folder}/${name}`, "");
    assertEquals(await isWholeModel(`${folder}/none`), false);
    await touch("pytorch_model.bin");
    assertEquals(await isWholeModel(folder), false);
    await touch("config.json");
    assertEquals(await isWholeModel(folder), true);
    await Deno.remove(`${folder}/pytorch_model.bin`);
    assertEquals(await isWholeModel(folder), false);
    await writeIndex(folder, { a: "1", b: "2" });
    await touch("1");
    assertEquals(await isWholeModel(folder), false);
    await touch("2");
    assertEquals(await isWholeModel(folder), true);
  }));
