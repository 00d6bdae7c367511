import { types } from "node:util";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../deno.json" with { type: "json" };
import * as library from "../lib/mod.ts";
import { withFolder } from "./io/temporary_folder.ts";

const root = new URL("..", import.meta.url);

/** The first program of the README. */
async function exampleProgram(): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  return readme.match(/```ts\n([^]*?)```/)![1];
}

/** The flags that the first line of a program says to run it with. */
function flagsOf(program: string): string[] {
  return program.match(/^\/\/ .*: deno run (.*) measure\.ts$/m)![1].split(" ");
}

/** What a program prints that runs in a folder; it must end well. */
async function outputOf(folder: string, file: string, flags: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...flags, file],
    cwd: folder,
    env: { NO_COLOR: "1" },
  });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("mod.ts is imported by README's program beside the clone, under another deno.json", () =>
  withFolder(async (folder) => {
    const program = await exampleProgram();
    await Deno.symlink(root.pathname, `${folder}/agile-quant-lab`);
    await Deno.writeTextFile(`${folder}/deno.json`, `{ "imports": { "tfjs": "./other.ts" } }`);
    await Deno.writeTextFile(`${folder}/text.txt`, "The mill stands in the town.\n".repeat(400));
    await Deno.writeTextFile(`${folder}/measure.ts`, program);
    const printed = await outputOf(folder, "measure.ts", flagsOf(program));
    assertStringIncludes(printed, "value: ");
    assertStringIncludes(printed, "low: ");
  }));

Deno.test("mod.ts has few names beside the namespaces of its folders", () => {
  const names = Object.values(library).filter((value) => !types.isModuleNamespaceObject(value));
  assert(names.length > 0 && names.length <= 20, `${names.length} names`);
});

/** What a module does when it is imported, in a program without any permission. */
async function effectsOfImport(module: URL): Promise<string[]> {
  let effects: string[] = [];
  await withFolder(async (folder) => {
    const program = `
      import * as tf from "${config.imports["@tensorflow/tfjs"]}";
      import { effectsOf } from "${new URL("import_probe.ts", import.meta.url)}";
      const effects = await effectsOf(() => import("${module}"), tf);
      console.log(JSON.stringify(effects));`;
    await Deno.writeTextFile(`${folder}/deno.json`, "{}");
    await Deno.writeTextFile(`${folder}/probe.ts`, program);
    effects = JSON.parse(await outputOf(folder, "probe.ts", []));
  });
  return effects;
}

Deno.test("mod.ts does nothing when it is imported, and needs no permission", async () => {
  assertEquals(await effectsOfImport(new URL("lib/mod.ts", root)), []);
});

Deno.test("effectsOf() tells what a module does when it is imported", () =>
  withFolder(async (folder) => {
    const source = `
      import { tf } from "${new URL("lib/tensor/mod.ts", root)}";
      globalThis.addEventListener("unload", () => {});
      globalThis.left = true;
      Array.prototype.last = () => {};
      tf.enableProdMode();
      tf.registerBackend("idle", () => {});
      new WebAssembly.Memory({ initial: 1 });
      Deno.memoryUsage();`;
    await Deno.writeTextFile(`${folder}/module.js`, source);
    assertEquals(await effectsOfImport(new URL(`file://${folder}/module.js`)), [
      "calls globalThis.addEventListener",
      "constructs WebAssembly.Memory",
      "calls Deno.memoryUsage",
      "changes keys of globalThis",
      "changes keys of Arrays",
      "changes backends",
      "changes flags of TensorFlow.js",
      "changes kernels of idle",
    ]);
  }));
