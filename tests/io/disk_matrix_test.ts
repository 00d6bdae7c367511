import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, type StoredMatrix } from "../../lib/format/mod.ts";
import { openShards, writeSafetensors } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const values = Float32Array.of(1, 2, 3, 4, 5, 6);

Deno.test("DiskMatrix reads the rows that are decoded, in any type of float", () =>
  withFolder(async (folder) => {
    for (const dtype of ["F32", "F16", "BF16"] as const) {
      await writeSafetensors(`${folder}/model.safetensors`, [
        { name: "other", dtype: "F32", shape: [1], data: Float32Array.of(9) },
        { name: "matrix", dtype, shape: [3, 2], data: values },
      ]);
      const matrix = (await openShards(folder)).onDisk("matrix")!;
      assertEquals(matrix.byteLength, dtype === "F32" ? 24 : 12);
      assertEquals(decodeMatrix(matrix), values);
      const row = new Float32Array(2);
      matrix.decode(2, row);
      assertEquals(row, Float32Array.of(5, 6));
      const beyond = "they must lie in 0..2";
      assertThrows(() => matrix.decode(3, row), InputError, beyond);
    }
  }));

Deno.test("DiskMatrix refuses a file that changed meanwhile", () =>
  withFolder(async (folder) => {
    const path = `${folder}/model.safetensors`;
    const tensor = { name: "matrix", dtype: "F32", shape: [3, 2], data: values } as const;
    const open = async (): Promise<StoredMatrix> => {
      await writeSafetensors(path, [tensor]);
      return (await openShards(folder)).onDisk("matrix")!;
    };
    const changed = await open();
    await Deno.truncate(path, 90);
    const rule = "the file must not change while it is read";
    assertThrows(() => decodeMatrix(changed), InputError, `Cannot read ${path}: ${rule}`);
    const gone = await open();
    await Deno.remove(path);
    assertThrows(() => decodeMatrix(gone), InputError, `Cannot read ${path}: the file must exist`);
  }));

Deno.test("ShardedCheckpoint.onDisk() is for matrices of floats alone", () =>
  withFolder(async (folder) => {
    await writeSafetensors(`${folder}/model.safetensors`, [
      { name: "vector", dtype: "F32", shape: [6], data: values },
      { name: "integers", dtype: "I32", shape: [1, 2], data: Int32Array.of(1, 2) },
    ]);
    const checkpoint = await openShards(folder);
    assertEquals(checkpoint.onDisk("vector"), undefined);
    assertEquals(checkpoint.onDisk("integers"), undefined);
    const message = `Cannot read tensor none of ${folder}: the model must have it`;
    assertThrows(() => checkpoint.onDisk("none"), InputError, message);
  }));
