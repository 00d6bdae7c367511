import { assertEquals } from "@std/assert";
import { writeSafetensors } from "../../lib/io/mod.ts";
import { shardName, writeIndex } from "../../lib/model/shards.ts";
import { withFolder } from "../io/temporary_folder.ts";

Deno.test("shardName() counts from one, in five digits", () => {
  assertEquals(shardName(0, 33), "model-00001-of-00033.safetensors");
  assertEquals(shardName(32, 33), "model-00033-of-00033.safetensors");
});

Deno.test("writeIndex() says which file has which tensor, and what all take", () =>
  withFolder(async (folder) => {
    const tensor = (name: string, length: number) => (
      { name, dtype: "F32", shape: [length], data: new Float32Array(length) } as const
    );
    await writeSafetensors(`${folder}/one`, [tensor("b", 2), tensor("a", 1)]);
    await writeSafetensors(`${folder}/two`, [tensor("c", 4)]);
    await writeIndex(folder, ["one", "two"]);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/model.safetensors.index.json`)), {
      metadata: { total_size: 28 },
      weight_map: { a: "one", b: "one", c: "two" },
    });
  }));
