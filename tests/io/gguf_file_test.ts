import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type BlockMatrix, decodeMatrix, type FloatMatrix } from "../../lib/format/mod.ts";
import { type GgufFile, isReadableType, openGguf } from "../../lib/io/mod.ts";
import { ggufBytes, type SampleTensor } from "../../tools/fuzz/gguf_bytes.ts";
import { blocks } from "../../tools/fuzz/gguf_samples.ts";
import { withFolder } from "./temporary_folder.ts";

function withTensors(
  tensors: SampleTensor[],
  test: (file: GgufFile) => Promise<void>,
): Promise<void> {
  return withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.gguf`, ggufBytes({ tensors }));
    await test(await openGguf(`${folder}/a.gguf`));
  });
}

const tensor = (type: number, shape: number[], data: ArrayBufferView): SampleTensor => ({
  ...{ name: "a", type, shape },
  data: new Uint8Array(data.buffer as ArrayBuffer),
});
const values = [1, -2, 0.5, 4, 5, -6];

Deno.test("GgufFile.readMatrix() gives floats in their type, a vector as one row", async () => {
  const stored = {
    F32: tensor(0, [3, 2], Float32Array.from(values)),
    F16: tensor(1, [3, 2], Float16Array.from(values)),
    BF16: tensor(30, [6], Uint16Array.of(0x3f80, 0xc000, 0x3f00, 0x4080, 0x40a0, 0xc0c0)),
  };
  for (const [dtype, each] of Object.entries(stored)) {
    await withTensors([each], async (file) => {
      const matrix = await file.readMatrix("a") as FloatMatrix;
      assertEquals(Array.from(decodeMatrix(matrix)), values);
      const rows = dtype === "BF16" ? 1 : 3;
      assertEquals([matrix.dtype, matrix.rows], [dtype, rows]);
    });
  }
});

Deno.test("GgufFile.readMatrix() leaves blocks as they are; onDisk() reads the same rows of them", () =>
  withTensors([blocks("other", [1, 32], 2), blocks("a", [3, 64], 3)], async (file) => {
    const matrix = await file.readMatrix("a") as BlockMatrix;
    assertEquals([matrix.type, matrix.rows, matrix.columns], ["Q4_1", 3, 64]);
    const onDisk = file.onDisk("a");
    assertEquals([onDisk.rows, onDisk.columns, onDisk.byteLength], [3, 64, matrix.byteLength]);
    assertEquals(decodeMatrix(onDisk), decodeMatrix(matrix));
    const last = new Float32Array(64);
    onDisk.decode(2, last);
    assertEquals(last, decodeMatrix(matrix.takeRows([2])));
  }));

Deno.test("GgufFile refuses a tensor that is not there, or of a type that is not read, by name", () =>
  withTensors([blocks("a", [1, 256], 23)], async (file) => {
    const refused = (name: string, rule: string) => {
      const message = `Cannot read tensor ${name} of ${file.path}: ${rule}`;
      assertThrows(() => file.onDisk(name), InputError, message);
      return assertRejects(() => file.readMatrix(name), InputError, message);
    };
    await refused("a", 'its type must be read here, got "IQ4_XS"');
    await refused("b", "the file must have it");
  }));

Deno.test("isReadableType() knows floats and the blocks that are read", () => {
  const read = ["F32", "F16", "BF16", "Q4_0", "Q6_K", "F64", "IQ4_NL", "MXFP4", "TQ1_0"]
    .filter(isReadableType);
  assertEquals(read, ["F32", "F16", "BF16", "Q4_0", "Q6_K"]);
});

Deno.test("openGguf() refuses what is no file", () =>
  withFolder(async (folder) => {
    const message = `Cannot read ${folder}/none.gguf: the file must exist`;
    await assertRejects(() => openGguf(`${folder}/none.gguf`), InputError, message);
  }));
