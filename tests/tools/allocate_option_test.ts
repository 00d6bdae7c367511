import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Command } from "commander";
import { InputError, silent } from "../../lib/core/mod.ts";
import { linearMapsOf, methods } from "../../lib/methods/mod.ts";
import {
  addAllocateOptions,
  type AllocateOptions,
  measureAllocation,
  readAllocation,
} from "../../tools/allocate_option.ts";
import { withModel } from "../eval/tiny_models.ts";
import { tinySubject } from "../experiments/measure/tiny_subject.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families } from "../model/tiny_models.ts";

function optionsOf(...args: string[]): AllocateOptions {
  const program = addAllocateOptions(new Command().exitOverride());
  return program.parse(args, { from: "user" }).opts();
}

Deno.test("addAllocateOptions() takes a budget, or a file that is called .json", () => {
  assertEquals(optionsOf(), { allocateWindows: 1 });
  assertEquals(optionsOf("--allocate", "3.5", "--allocate-windows", "4"), {
    ...{ allocate: 3.5, allocateWindows: 4 },
  });
  assertEquals(optionsOf("--allocate", "/bits/3.json").allocate, "/bits/3.json");
  for (const wrong of ["", "four", "0", "-3", "17", "bits.txt"]) {
    const rule =
      "Cannot read the command line: --allocate must be bits per weight, at most 16, or a " +
      `.json file, got "${wrong}"`;
    assertThrows(() => optionsOf(`--allocate=${wrong}`), InputError, rule);
  }
});

Deno.test("readAllocation() gives a method the bits of a file, and leaves it alone without one", () =>
  withFolder(async (folder) => {
    const { rtn4, awq4 } = methods;
    const names = linearMapsOf(families.llama);
    const layer = (bits: number) => Object.fromEntries(names.map((name) => [name, bits]));
    const saved = { allocation: [layer(3), layer(4)], result: {} };
    const path = `${folder}/bits.json`;
    await Deno.writeTextFile(path, JSON.stringify(saved));
    const read = (allocate?: number | string, bits?: number, method = rtn4) =>
      readAllocation(method, "the method", { allocate, bits }, families.llama);
    assertEquals((await read(path)).settings.weights!.allocation, saved.allocation);
    assertEquals([await read(), await read(undefined, 3), await read(3.5)], [rtn4, rtn4, rtn4]);
    await Deno.writeTextFile(`${folder}/none.json`, '{"allocations": []}');
    await Deno.writeTextFile(`${folder}/list.json`, "[]");
    const other = { allocation: [layer(3), layer(7)] };
    await Deno.writeTextFile(`${folder}/other.json`, JSON.stringify(other));
    const refused: [string, string, number?, typeof rtn4?][] = [
      [path, "read the command line: --bits does not go with --allocate, got 3", 3],
      [path, "allocate bits: the method must be one of rtn4, ", undefined, awq4],
      [`${folder}/no.json`, `read ${folder}/no.json: the file must exist`],
      [
        `${folder}/none.json`,
        `read ${folder}/none.json: an allocation must be a list of the bits in each layer, got null`,
      ],
      [
        `${folder}/other.json`,
        `read ${folder}/other.json: bits of query of layer 1 must be 2, 3, 4, 5, 6, 8, got 7`,
      ],
      [
        `${folder}/list.json`,
        `read ${folder}/list.json: it must be an object that has an allocation`,
      ],
    ];
    for (const [allocate, rule, bits, method] of refused) {
      await assertRejects(() => read(allocate, bits, method), InputError, `Cannot ${rule}`);
    }
  }));

Deno.test("measureAllocation() shares a budget out, and does nothing without one", () =>
  withModel("llama", async (model) => {
    const session = { progress: silent, signal: new AbortController().signal };
    const method = { ...methods.rtn4, allocates: [2, 8] };
    const share = (allocate?: number) =>
      measureAllocation(
        tinySubject(model),
        method,
        "rtn4",
        { allocate, allocateWindows: 1 },
        session,
      );
    assertEquals(await share(), undefined);
    const { allocation, budget, bitsPerWeight } = (await share(5))!;
    assertEquals(budget, 5);
    assertEquals(bitsPerWeight <= 5 && bitsPerWeight > 4.5, true);
    const names = linearMapsOf(model.architecture);
    assertEquals(
      allocation.map((layer) => Object.keys(layer).sort()),
      Array(3).fill(names.toSorted()),
    );
  }));
