import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { loadedSources } from "../../../tools/structure/loaded_sources.ts";
import { withFiles } from "../small_tree.ts";

/** The files that are loaded when `a.ts` of a tree runs. */
const filesFrom = (files: Record<string, string>, entry = "a.ts") =>
  withFiles(files, async (root) => (await loadedSources([entry], root)).files);

Deno.test("loadedSources() follows imports, exports, workers and data, and no types", async () => {
  const files = {
    "code/a.ts": `import { b } from "./b/mod.ts";\nimport type { T } from "./types.ts";\n` +
      `import data from "../data/numbers.json" with { type: "json" };\n` +
      `const later = () => import("./later.ts");`,
    "code/b/mod.ts": `export * from "./b.ts";`,
    "code/b/b.ts": `new Worker(new URL("worker.ts", import.meta.url));`,
    "code/b/worker.ts": `import { run } from "./kernels.wasm";`,
    "code/b/kernels.wasm": "import nothing",
    "code/later.ts": "export {};",
    "code/types.ts": "export type T = 1;",
    "code/unreached.ts": `import "./a.ts";`,
    "data/numbers.json": "[1]",
  };
  const { "code/types.ts": _types, "code/unreached.ts": _unreached, ...reached } = files;
  assertEquals(await filesFrom(files, "code/a.ts"), Object.keys(reached).sort());
});

Deno.test("loadedSources() tells packages from what is built in", async () => {
  const source = `import "npm:b@1.0.0";\nimport a from "a/path.js";\nimport "node:path";\n` +
    `import type { C } from "c";`;
  await withFiles({ "a.ts": source }, async (root) => {
    assertEquals(await loadedSources(["a.ts"], root), {
      files: ["a.ts"],
      packages: ["a/path.js", "npm:b@1.0.0"],
    });
  });
});

Deno.test("loadedSources() comes to an end in circles", async () => {
  const files = { "a.ts": `import "./b.ts";`, "b.ts": `import "./a.ts";\nimport "./b.ts";` };
  assertEquals(await filesFrom(files), ["a.ts", "b.ts"]);
});

Deno.test("loadedSources() does not depend on the order of imports or entries", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const imports = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.uniqueArray(fc.constantFrom(...names))])),
  );
  const treeOf = (graph: Record<string, string[]>, reverse: boolean) =>
    Object.fromEntries(
      Object.entries(graph).map(([name, imported]) => [
        `${name}.ts`,
        (reverse ? imported.toReversed() : imported).map((each) => `import "./${each}.ts";`)
          .join("\n"),
      ]),
    );
  await fc.assert(
    fc.asyncProperty(imports, async (graph) => {
      const [one, other] = await Promise.all(
        [false, true].map((reverse) =>
          withFiles(treeOf(graph, reverse), async (root) => {
            const entries = reverse ? ["b.ts", "a.ts"] : ["a.ts", "b.ts"];
            return (await loadedSources(entries, root)).files;
          })
        ),
      );
      assertEquals(one, other);
      // The slow, obvious way: add what is imported until nothing new comes.
      const reached = new Set(["a", "b"]);
      for (const _ of names) {
        for (const name of [...reached]) graph[name].forEach((each) => reached.add(each));
      }
      assertEquals(one, [...reached].sort().map((name) => `${name}.ts`));
    }),
    { numRuns: 20 },
  );
});

for (
  const [name, source, message] of [
    ["a missing file", `import "./gone.ts";`, "Cannot read ROOT/code/gone.ts: the file must exist"],
    [
      "a computed import",
      "await import(name);",
      "Cannot follow the imports of code/a.ts: import() must name what it loads by a literal",
    ],
    [
      "a computed neighbour",
      "new URL(name, import.meta.url);",
      "Cannot follow the imports of code/a.ts: what lies beside it must be named by " +
      'new URL("./name", import.meta.url)',
    ],
    [
      "a file outside",
      `import "../../a.ts";`,
      'Cannot follow the imports of code/a.ts: they must lie in the checkout, got "../../a.ts"',
    ],
  ]
) {
  Deno.test(`loadedSources() refuses ${name} in one line that names it`, () =>
    withFiles({ "code/a.ts": source }, async (root) => {
      const load = () => loadedSources(["code/a.ts"], root);
      const error = await assertRejects(load, InputError);
      assertEquals(error.message.replace(root, "ROOT"), message);
    }));
}

/** A module as `deno info --json` describes it. */
interface DescribedModule {
  specifier: string;
  /** What it imports: `code` is missing where only types are. */
  dependencies?: { code?: { specifier: string } }[];
}

Deno.test("loadedSources() of this checkout are what Deno loads, and the kernels and their worker", async () => {
  const root = new URL("../../../", import.meta.url);
  const entry = "experiments/measure/evaluation.ts";
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry], cwd: root });
  const { stdout } = await command.output();
  const { modules }: { modules: DescribedModule[] } = JSON.parse(new TextDecoder().decode(stdout));
  const described = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set([new URL(entry, root).href]);
  for (const specifier of loaded) {
    const { dependencies = [] } = described.get(specifier) ?? {};
    for (const { code } of dependencies) if (code) loaded.add(code.specifier);
  }
  const local = [...loaded].filter((specifier) => specifier.startsWith(root.href))
    .map((specifier) => specifier.slice(root.href.length));
  const beside = ["kernels_relaxed.wasm", "kernels_simd.wasm", "worker.ts"];
  const { files } = await loadedSources([entry], root.pathname);
  assertEquals(files, [...local, ...beside.map((name) => `lib/tensor/${name}`)].sort());
});
