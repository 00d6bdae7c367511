import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openSafetensors, readSummed, writeSafetensors, writeSummed } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const tensors = [
  { name: "b", dtype: "F32", shape: [2, 1], data: Float32Array.of(1.5, -0) },
  { name: "a", dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) },
] as const;

const metadata = { block: '{"form":"a"}' };

Deno.test("readSummed() gives what writeSummed() was given, sum aside", () =>
  withFolder(async (folder) => {
    const path = `${folder}/block`;
    await writeSummed(path, "a block", tensors, metadata);
    const found = await readSummed(path, "a block");
    assertEquals(found.metadata, metadata);
    const expected = tensors.map(({ name, ...tensor }) => [name, { ...tensor }]);
    assertEquals<unknown>(Object.fromEntries(found.tensors), Object.fromEntries(expected));
  }));

Deno.test("readSummed() refuses what is something else, or in any part not as it was written", () =>
  withFolder(async (folder) => {
    const path = `${folder}/block`;
    await writeSummed(path, "a block", tensors, metadata);
    const sum = { sha256: (await openSafetensors(path)).metadata.sha256 };
    const refuses = async (what = "a block") => {
      const message = `Cannot read ${path}: its numbers must be those of its sum`;
      const error = await assertRejects(() => readSummed(path, what), InputError);
      assertEquals(error.message, message);
    };
    await refuses("another block");
    const [b, a] = tensors;
    const changes = [
      [[b, { ...a, data: Uint8Array.of(1, 2, 254) }], metadata],
      [[{ ...b, shape: [1, 2] }, a], metadata],
      [[{ ...b, name: "c" }, a], metadata],
      [[{ ...b, dtype: "I32", data: new Int32Array(b.data.buffer) }, a], metadata],
      [[b], metadata],
      [tensors, { block: '{"form":"b"}' }],
      [tensors, {}],
    ] as const;
    for (const [changed, named] of changes) {
      await writeSafetensors(path, changed, { ...named, ...sum });
      await refuses();
    }
    await writeSafetensors(path, tensors, metadata);
    await refuses();
    await writeSafetensors(path, tensors, { ...metadata, ...sum });
    await readSummed(path, "a block");
  }));
