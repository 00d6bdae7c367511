import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openTorchFile } from "../../lib/io/torch_file.ts";
import {
  pickle,
  pickledTensor,
  type SampleView,
  torchArchive,
  torchLegacy,
} from "../../tools/fuzz/torch_samples.ts";
import { withFolder } from "./temporary_folder.ts";

const storage = new Uint8Array(Float16Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer);
const view: SampleView = { storage: "HalfStorage", key: "0", count: 8 };
const state = pickle.of(pickle.dict(
  ["whole", pickledTensor({ ...view, size: [2, 4], stride: [4, 1] })],
  ["turned", pickledTensor({ ...view, size: [4, 2], stride: [1, 4] })],
  ["part", pickledTensor({ ...view, offset: 1, size: [2, 2], stride: [4, 2] })],
  ["repeated", pickledTensor({ ...view, offset: 7, size: [2, 2], stride: [0, 0] })],
  ["none", pickledTensor({ ...view, size: [0, 4], stride: [4, 1] })],
));
const files = {
  archive: torchArchive(state, { "0": storage }),
  legacy: torchLegacy(state, { "0": storage }, 2),
};

for (const [format, bytes] of Object.entries(files)) {
  Deno.test(`openTorchFile() reads views of a storage: ${format}`, () =>
    withFolder(async (folder) => {
      const path = `${folder}/a.bin`;
      await Deno.writeFile(path, bytes);
      const file = await openTorchFile(path);
      assertEquals(file.path, path);
      const names = [...file.tensors.keys()];
      const tensors = await Promise.all(names.map((name) => file.read(name)));
      const expected: [shape: number[], values: number[]][] = [
        [[2, 4], [1, 2, 3, 4, 5, 6, 7, 8]],
        [[4, 2], [1, 5, 2, 6, 3, 7, 4, 8]],
        [[2, 2], [2, 4, 6, 8]],
        [[2, 2], [8, 8, 8, 8]],
        [[0, 4], []],
      ];
      for (const [i, [shape, values]] of expected.entries()) {
        const data = Float16Array.from(values);
        assertEquals(tensors[i] as unknown, { dtype: "F16", shape, data });
        const facts = file.tensors.get(names[i])!;
        assertEquals([facts.shape, facts.byteLength], [shape, data.byteLength]);
      }
    }));
}

Deno.test("TorchFile.locate() says where a tensor lies that is in one piece", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.bin`, files.archive);
    const file = await openTorchFile(`${folder}/a.bin`);
    const { pieces, offset } = file.locate("whole")!;
    assertEquals(await pieces.read(offset, storage.length, "read"), storage);
    const elsewhere = ["turned", "part", "repeated"].map((name) => file.locate(name));
    assertEquals(elsewhere, [undefined, undefined, undefined]);
  }));

Deno.test("TorchFile.read() refuses unknown names and elements", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const complex = pickledTensor({ storage: "ComplexFloatStorage", key: "0", count: 2 });
    const state = pickle.of(pickle.dict(["c", complex]));
    await Deno.writeFile(path, torchArchive(state, { "0": new Uint8Array(16) }));
    const file = await openTorchFile(path);
    const refuses = (name: string, rule: string) =>
      assertRejects(
        () => file.read(name),
        InputError,
        `Cannot read tensor ${name} of ${path}: ${rule}`,
      );
    await refuses("toString", "the file must have it");
    await refuses("c", "dtype must be one of F64 F32 F16 BF16");
  }));

Deno.test("openTorchFile() refuses what torch.save has not written", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.bin`;
    const starts = {
      "": "",
      "version https://git-lfs.github.com/spec/v1": "version ",
      "\x80\x04\x95": "\\u{80}\\u{4}\\u{95}",
    };
    for (const [text, shown] of Object.entries(starts)) {
      await Deno.writeFile(path, Uint8Array.from(text, (each) => each.charCodeAt(0)));
      await assertRejects(
        () => openTorchFile(path),
        InputError,
        `Cannot read ${path}: it must begin as a file of torch.save does, got "`,
      );
      const error = await assertRejects(() => openTorchFile(path), InputError);
      assertEquals(error.message.split(", got ")[1].replace("\\u0004", "\\u{4}"), `"${shown}"`);
    }
  }));
