import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Command } from "commander";
import { InputError, silent } from "../../lib/core/mod.ts";
import {
  allocatableSites,
  linearMapsOf,
  methods,
  type SiteAllocation,
} from "../../lib/methods/mod.ts";
import {
  addAllocateActivations,
  addAllocateOptions,
  type AllocateOptions,
  isToShare,
  readAllocation,
  requireUniform,
  shareOut,
} from "../../tools/allocate_option.ts";
import { withModel } from "../eval/tiny_models.ts";
import { tinySubject } from "../experiments/measure/tiny_subject.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families } from "../model/tiny_models.ts";

function optionsOf(...args: string[]): AllocateOptions {
  const program = addAllocateActivations(addAllocateOptions(new Command().exitOverride()));
  return program.parse(args, { from: "user" }).opts();
}

Deno.test("addAllocateOptions() takes a budget, or a file that is called .json", () => {
  assertEquals(optionsOf(), {});
  assertEquals(optionsOf("--allocate", "3.5", "--allocate-windows", "4"), {
    ...{ allocate: 3.5, allocateWindows: 4 },
  });
  assertEquals(optionsOf("--allocate", "/bits/3.json").allocate, "/bits/3.json");
  assertEquals(optionsOf("--allocate-activations", "6").allocateActivations, 6);
  const flags = [
    ["--allocate", "bits per weight"],
    ["--allocate-activations", "bits per activation"],
  ];
  for (const [flag, unit] of flags) {
    for (const wrong of ["", "four", "0", "-3", "17", "0x3", "bits.txt"]) {
      const rule =
        `Cannot read the command line: ${flag} must be ${unit}, at most 16, or a .json ` +
        `file, got "${wrong}"`;
      assertThrows(() => optionsOf(`${flag}=${wrong}`), InputError, rule);
    }
  }
});

Deno.test("isToShare() where there is a budget, and requireUniform() takes neither that nor a file", () => {
  assertEquals([{}, { allocate: "a.json" }, { allocate: 3 }].map(isToShare), [false, false, true]);
  assertEquals(isToShare({ allocateActivations: 4 }), true);
  requireUniform({ allocateWindows: 2 });
  const rule = "Cannot read the command line: --dry-run does not go with";
  assertThrows(() => requireUniform({ allocate: 3 }), InputError, `${rule} --allocate, got 3`);
  assertThrows(
    () => requireUniform({ allocateActivations: "a.json" }),
    InputError,
    `${rule} --allocate-activations, got "a.json"`,
  );
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
      [path, "allocate bits of weights: the method must be one of rtn4, ", undefined, awq4],
      [`${folder}/no.json`, `read ${folder}/no.json: the file must exist`],
      [
        `${folder}/none.json`,
        `read ${folder}/none.json: it must be an object that has an allocation`,
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
    const low = "Cannot allocate bits of weights: the budget of the method must be at least 2 bits";
    await assertRejects(() => read(1), InputError, low);
    for (const [allocate, rule, bits, method] of refused) {
      await assertRejects(() => read(allocate, bits, method), InputError, `Cannot ${rule}`);
    }
  }));

Deno.test("readAllocation() refuses windows that nothing is measured on", async () => {
  const method = methods["rtn4"];
  for (const options of [{}, { allocate: "bits.json" }]) {
    await assertRejects(
      () => readAllocation(method, "rtn4", { ...options, allocateWindows: 2 }, families.llama),
      InputError,
      "Cannot read the command line: --allocate-windows must come with a budget to share out, got 2",
    );
  }
  const shared = { allocate: 3, allocateWindows: 2 };
  assertEquals(await readAllocation(method, "rtn4", shared, families.llama), method);
});

Deno.test("readAllocation() gives a method the bits of its sites, beside those of its weights", () =>
  withFolder(async (folder) => {
    const { opt } = families;
    const method = methods["agileq-8"];
    const list = (names: string[], bits: number) =>
      Array(opt.layers).fill(Object.fromEntries(names.map((name) => [name, bits])));
    const sites = allocatableSites(method.passes(opt));
    const saved = {
      allocation: list(linearMapsOf(opt), 3),
      activationAllocation: list(sites, 6),
    };
    const path = `${folder}/bits.json`;
    await Deno.writeTextFile(path, JSON.stringify(saved));
    const both = { allocate: path, allocateActivations: path };
    const { settings } = await readAllocation(method, "agileq-8", both, opt);
    assertEquals(settings.weights!.allocation, saved.allocation);
    assertEquals(settings.activations!.allocation, saved.activationAllocation);
    const bits = { bits: 3, allocateActivations: path };
    assertEquals(
      (await readAllocation(method, "agileq-8", bits, opt)).settings.activations!.allocation,
      saved.activationAllocation,
    );
    await Deno.writeTextFile(path, JSON.stringify({ activationAllocation: list(sites, 7) }));
    const refused: [typeof methods.rtn4, string][] = [
      [method, `read ${path}: bits of attn.input of layer 0 must be 3, 4, 5, 6, 8, got 7`],
      [
        methods.rtn4,
        "allocate bits of activations: the method must be one of smoothquant, crossquant-w8a8, ",
      ],
    ];
    for (const [wrong, rule] of refused) {
      const read = () => readAllocation(wrong, "it", { allocateActivations: path }, opt);
      await assertRejects(read, InputError, `Cannot ${rule}`);
    }
  }));

Deno.test("shareOut() shares budgets out, and does nothing without one", () =>
  withModel("llama", async (model) => {
    const session = { progress: silent, signal: new AbortController().signal };
    const choices = { weights: [2, 8], activations: [4, 8] };
    const configured = { ...methods["agileq-8"], allocates: choices };
    const share = (options: AllocateOptions) =>
      shareOut(
        tinySubject(model),
        configured,
        "agileq-8",
        { allocateWindows: 1, ...options },
        session,
      );
    assertEquals(await share({}), { method: configured, allocated: {} });
    const { method, allocated } = await share({ allocate: 5, allocateActivations: 6 });
    assertEquals([allocated.weights!.budget, allocated.activations!.budget], [5, 6]);
    for (const { average, budget } of Object.values(allocated)) {
      assert(average <= budget && average > budget - 0.5, `${average}`);
    }
    const { weights, activations } = method.settings;
    const names = linearMapsOf(model.architecture);
    assertEquals(
      weights!.allocation!.map((layer) => Object.keys(layer).sort()),
      Array(3).fill(names.toSorted()),
    );
    assertEquals(activations!.allocation, allocated.activations!.allocation as SiteAllocation);
    assertEquals(method.label, { weight: "INT2-8 mixed", activation: "INT4-8 mixed" });
  }));
