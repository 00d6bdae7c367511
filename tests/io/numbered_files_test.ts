import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { NumberedFiles } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const tensorsOf = (value: number) => [
  { name: "a", dtype: "U8", shape: [1], data: Uint8Array.of(value) } as const,
];

const namesIn = async (folder: string) =>
  (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();

Deno.test("NumberedFiles give a file to whoever asks for its number", () =>
  withFolder(async (folder) => {
    const files = new NumberedFiles(`${folder}/own`, "mine");
    assertEquals(await files.read(7), undefined);
    await files.write(7, tensorsOf(1), { form: "a" });
    const found = (await new NumberedFiles(`${folder}/own`, "mine").read(7))!;
    assertEquals([found.metadata, found.tensors.get("a")!.data], [
      ...[{ form: "a" }, Uint8Array.of(1)],
    ]);
    assertEquals(await files.read(8), undefined);
  }));

Deno.test("NumberedFiles hold a file for none that is damaged, or another number's or folder's", () =>
  withFolder(async (folder) => {
    const [own, other] = ["own", "other"].map((name) => `${folder}/${name}`);
    const files = new NumberedFiles(own, "mine");
    await files.write(7, tensorsOf(1), {});
    await Deno.mkdir(other);
    for (const copy of [`${own}/mine-8`, `${other}/mine-7`]) {
      await Deno.copyFile(`${own}/mine-7.safetensors`, `${copy}.safetensors`);
    }
    assertEquals(await files.read(8), undefined);
    assertEquals(await new NumberedFiles(other, "mine").read(7), undefined);
    const whole = await Deno.readFile(`${own}/mine-7.safetensors`);
    whole[whole.length - 1] ^= 1;
    await Deno.writeFile(`${own}/mine-7.safetensors`, whole);
    assertEquals(await files.read(7), undefined);
  }));

Deno.test("NumberedFiles tell why a folder does not take them", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const reasons: string[] = [];
    const place = `${folder}/file/below`;
    await new NumberedFiles(place, "mine", (reason) => reasons.push(reason)).write(7, [], {});
    assertEquals(reasons.length, 1);
    assertStringIncludes(reasons[0], place);
  }));

Deno.test("NumberedFiles are removed with what writing them left, and their folder", () =>
  withFolder(async (folder) => {
    const files = new NumberedFiles(`${folder}/own`, "mine");
    for (const number of [0, 10]) await files.write(number, tensorsOf(1), {});
    const left = "mine-1.safetensors.01234567-0123-0123-0123-0123456789ab.partial";
    await Deno.writeTextFile(`${folder}/own/${left}`, "");
    await files.remove();
    assertEquals(await namesIn(folder), []);
  }));

Deno.test("NumberedFiles leave files of others, folders and links, and say so", () =>
  withFolder(async (folder) => {
    const files = new NumberedFiles(folder, "mine");
    await files.write(1, tensorsOf(1), {});
    const others = ["mine-01.safetensors", "mine-2", "mine-.safetensors", "yours"];
    for (const name of others) await Deno.writeTextFile(`${folder}/${name}`, "");
    await Deno.mkdir(`${folder}/mine-3.safetensors`);
    await Deno.symlink(`${folder}/yours`, `${folder}/mine-4.safetensors`);
    const message = `Cannot remove ${folder}: the system must allow it`;
    await assertRejects(() => files.remove(), InputError, message);
    const left = [...others, "mine-3.safetensors", "mine-4.safetensors"];
    assertEquals(await namesIn(folder), left.toSorted());
  }));
