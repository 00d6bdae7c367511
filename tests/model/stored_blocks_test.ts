import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, floatScales, integerType, typedMatrix } from "../../lib/format/mod.ts";
import { type LayerWeights, removeStoredBlocks, StoredBlocks } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomModel, tinyArchitectures } from "./tiny_models.ts";

const model = await randomModel(tinyArchitectures.opt);

/** All values of a block by the names of its parameters. */
function valuesOf(block: LayerWeights): Record<string, Float32Array> {
  const entries = Object.entries(block).flatMap(([name, { weight, bias }]) => [
    [`${name}.weight`, decodeMatrix(weight)],
    ...bias ? [[`${name}.bias`, bias]] : [],
  ]);
  return Object.fromEntries(entries);
}

Deno.test("StoredBlocks give a block to whoever asks next, in this process or another", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    const first = new StoredBlocks(`${folder}/weights`);
    assertEquals(await first.get(0), undefined);
    assertEquals(await first.put(0, block), block);
    assertEquals(await first.get(0), block);
    const other = await new StoredBlocks(`${folder}/weights`).get(0);
    assertEquals(valuesOf(other!), valuesOf(block));
    assertEquals(await new StoredBlocks(`${folder}/weights`).get(1), undefined);
  }));

Deno.test("StoredBlocks hold a damaged file for none", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    await new StoredBlocks(folder).put(0, block);
    const [{ name }] = await Array.fromAsync(Deno.readDir(folder));
    const bytes = await Deno.readFile(`${folder}/${name}`);
    for (const damage of [(at: Uint8Array) => at.subarray(0, 100), flipped(bytes.length - 5)]) {
      await Deno.writeFile(`${folder}/${name}`, damage(bytes));
      assertEquals(await new StoredBlocks(folder).get(0), undefined);
    }
    await new StoredBlocks(folder).put(0, block);
    assert(await new StoredBlocks(folder).get(0));
  }));

function flipped(place: number) {
  return (bytes: Uint8Array) => bytes.map((byte, index) => index === place ? byte ^ 1 : byte);
}

Deno.test("StoredBlocks keep a block that is no plain data in memory alone", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    const { rows, columns } = block.query!.weight;
    const weight = typedMatrix({
      ...{ rows, columns, types: [integerType(4)], groupSize: columns },
      codes: new Uint8Array(rows * columns),
      scales: floatScales(new Float32Array(rows)),
    });
    const blocks = new StoredBlocks(folder);
    const typed = { ...block, query: { weight } };
    await blocks.put(0, typed);
    assertEquals(await blocks.get(0), typed);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("StoredBlocks keep a block in memory alone that the folder does not take, and tell why", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    await Deno.writeTextFile(`${folder}/file`, "");
    const reasons: string[] = [];
    const blocks = new StoredBlocks(`${folder}/file/below`, (reason) => reasons.push(reason));
    assertEquals(await blocks.get(0), undefined);
    await blocks.put(0, block);
    assertEquals(await blocks.get(0), block);
    assertEquals(reasons.length, 1);
    assertStringIncludes(reasons[0], `${folder}/file/below: `);
  }));

Deno.test("StoredBlocks hold a file of another layer, or of other weights, for none", () =>
  withFolder(async (folder) => {
    await new StoredBlocks(`${folder}/one`).put(0, await model.source.layer(0));
    await Deno.mkdir(`${folder}/other`);
    const file = `${folder}/one/block-0.safetensors`;
    for (const copy of ["one/block-1.safetensors", "other/block-0.safetensors"]) {
      await Deno.copyFile(file, `${folder}/${copy}`);
    }
    assertEquals(await new StoredBlocks(`${folder}/one`).get(1), undefined);
    assertEquals(await new StoredBlocks(`${folder}/other`).get(0), undefined);
  }));

Deno.test("StoredBlocks remove what a killed process left the day before, at whatever block it was", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    const [old, young] = ["0", "1"].map((digit) =>
      `${folder}/block-1.safetensors.${digit}1234567-0123-0123-0123-0123456789ab.partial`
    );
    await new StoredBlocks(folder).put(0, block);
    for (const path of [old, young]) await Deno.writeTextFile(path, "");
    await Deno.utime(old, new Date(0), new Date(0));
    const blocks = new StoredBlocks(folder);
    await blocks.get(0);
    await blocks.put(1, block);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assertEquals(names, [
      "block-0.safetensors",
      "block-1.safetensors",
      young.slice(folder.length + 1),
    ]);
  }));

Deno.test("removeStoredBlocks() removes a folder of blocks, and leaves what others put there", () =>
  withFolder(async (folder) => {
    const block = await model.source.layer(0);
    const own = [`${folder}/own`, `${folder}/shared`];
    for (const path of own) await new StoredBlocks(path).put(10, block);
    const others = [
      "block-1",
      "block-01.safetensors",
      "block-.safetensors",
      "block-1.safetensors.txt",
    ];
    for (const name of others) await Deno.writeTextFile(`${folder}/shared/${name}`, "");
    await removeStoredBlocks(own[0]);
    const message = `Cannot remove ${own[1]}: the system must allow it`;
    await assertRejects(() => removeStoredBlocks(own[1]), InputError, message);
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left, ["shared"]);
    const names = await Array.fromAsync(Deno.readDir(own[1]), ({ name }) => name);
    assertEquals(names.sort(), others.toSorted());
  }));
