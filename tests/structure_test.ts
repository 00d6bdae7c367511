import { assert, assertEquals } from "@std/assert";
import { levels, structureViolations } from "../tools/check_structure.ts";
import { filesWithoutTwin } from "../tools/structure/twins.ts";

const root = new URL("..", import.meta.url);

function sourcesBelow(folder: string): [path: string, source: string][] {
  return [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return sourcesBelow(path);
    return name.endsWith(".ts") ? [[path, Deno.readTextFileSync(new URL(path, root))]] : [];
  });
}

/** The violations of a project of one file. */
const violationsOf = (path: string, source: string) =>
  structureViolations(new Map([[path, source]]));

const files = new Map(["lib", "experiments", "tools", "bench", "tests"].flatMap(sourcesBelow));

Deno.test("structureViolations() of this project are none", () => {
  assert(files.has("lib/core/mod.ts"), "no sources found");
  assertEquals(structureViolations(files), []);
});

Deno.test("filesWithoutTwin() in this project are none", () => {
  assertEquals(filesWithoutTwin(files), []);
});

Deno.test("structureViolations() knows the levels of CONTRIBUTING.md", () => {
  const guide = Deno.readTextFileSync(new URL("CONTRIBUTING.md", root));
  const listed = [...guide.matchAll(/^\| L(\d+) +\| ([^|]+)/gm)].flatMap(([, level, folders]) => {
    const names = [...folders.matchAll(/`(?:lib\/)?([^`]+)`/g)].map(([, name]) => name);
    const prefix = folders.startsWith("`lib/") ? "lib/" : "";
    return names.map((name) => [prefix + name, Number(level)]);
  });
  const { lib: _lib, tests: _tests, ...expected } = levels;
  assertEquals(Object.fromEntries(listed), expected);
});

Deno.test("lib/mod.ts has every folder as a namespace, of its name unless that is a verb", () => {
  const nouns: Record<string, string> = {
    display: "notebook",
    eval: "evaluation",
    generate: "generation",
    inspect: "inspection",
    train: "training",
  };
  const source = Deno.readTextFileSync(new URL("lib/mod.ts", root));
  const folders = [...Deno.readDirSync(new URL("lib", root))].filter((entry) => entry.isDirectory);
  const missing = folders.map(({ name }) =>
    `export * as ${nouns[name] ?? name} from "./${name}/mod.ts";`
  ).filter((line) => !source.includes(line));
  assertEquals(missing, []);
});

for (
  const [name, path, source, ...violations] of [
    [
      "an upward import",
      "lib/quant/uniform.ts",
      `import { load } from "../model/mod.ts";`,
      "imports lib/model, which is not below lib/quant",
    ],
    [
      "a sideways import",
      "lib/train/train.ts",
      `export * from "../eval/mod.ts";`,
      "imports lib/eval, which is not below lib/train",
    ],
    [
      "an import of a type",
      "lib/core/errors.ts",
      `import type {\n  Range,\n} from "../quant/mod.ts";`,
      "imports lib/quant, which is not below lib/core",
    ],
    [
      "a type imported in place",
      "lib/core/errors.ts",
      `type Range = import("../quant/mod.ts").Range;`,
      "imports lib/quant, which is not below lib/core",
    ],
    [
      "an import for its side effects",
      "lib/core/errors.ts",
      `import "../quant/mod.ts";`,
      "imports lib/quant, which is not below lib/core",
    ],
    [
      "a dynamic import",
      "lib/core/errors.ts",
      `await import("../quant/mod.ts");`,
      "imports lib/quant, which is not below lib/core",
    ],
    [
      "the whole library imported from within",
      "lib/eval/perplexity.ts",
      `import { quantize } from "../mod.ts";`,
      "imports lib, which is not below lib/eval",
    ],
    [
      "a table imported by a measurement",
      "experiments/measure/evaluation.ts",
      `import type { RowKey } from "../tables/paper_tables.ts";`,
      "imports experiments/tables, which is not below experiments/measure",
    ],
    [
      "a tool imported by a bench",
      "bench/matmul.ts",
      `import { main } from "../tools/command_line.ts";`,
      "imports tools, which is not below bench",
    ],
    [
      "a test imported by a tool",
      "tools/train.ts",
      `import { readGolden } from "../tests/golden/read_golden.ts";`,
      "imports tests, which is not below tools",
    ],
    [
      "a folder entered beside its mod.ts",
      "lib/model/llama.ts",
      `import { refuse } from "../core/errors.ts";`,
      "imports lib/core/errors.ts instead of lib/core/mod.ts",
    ],
    [
      "a file of a subfolder entered from a tool",
      "tools/build.ts",
      `import { run } from "../lib/tensor/ops/run.ts";`,
      "imports lib/tensor/ops/run.ts instead of lib/tensor/mod.ts",
    ],
    [
      "TensorFlow.js outside lib/tensor",
      "lib/model/llama.ts",
      `import * as tf from "npm:@tensorflow/tfjs@4.22.0";`,
      "imports npm:@tensorflow/tfjs@4.22.0, which only lib/tensor and bench may",
    ],
    [
      "a TensorFlow.js backend outside lib/tensor",
      "experiments/tables/table1.ts",
      `import "@tensorflow/tfjs-backend-wasm";`,
      "imports @tensorflow/tfjs-backend-wasm, which only lib/tensor and bench may",
    ],
    [
      "Deno in a pure folder",
      "lib/report/text.ts",
      "export const width = Deno.consoleSize().columns;",
      "uses Deno, which only lib/io and lib/tensor may",
    ],
    [
      "Node's modules in a pure folder",
      "lib/report/text.ts",
      `import { readFileSync } from "node:fs";`,
      "imports node:fs, which only lib/io and lib/tensor may",
    ],
    [
      "the network beside lib/io",
      "lib/tensor/native.ts",
      `export const answer = await fetch("http://localhost");`,
      "uses fetch, which only lib/io may",
    ],
    [
      "printing in the library",
      "lib/io/hub.ts",
      `console.warn("slow");`,
      "uses console, lib does not print",
    ],
    [
      "a version outside deno.json",
      "tests/core/random_test.ts",
      `import fc from "npm:fast-check@4.10.2";`,
      "imports npm:fast-check@4.10.2, versions belong in deno.json",
    ],
    [
      "another version than deno.json's in lib",
      "lib/io/tokenizer.ts",
      `import { Tokenizer } from "npm:@huggingface/tokenizers@0.1.0";`,
      "imports npm:@huggingface/tokenizers@0.1.0, versions belong in deno.json",
    ],
    [
      "a package without its version in lib",
      "lib/io/tokenizer.ts",
      `import { Tokenizer } from "@huggingface/tokenizers";`,
      "imports @huggingface/tokenizers without its version, which a program elsewhere cannot resolve",
    ],
    [
      "a version in the types of an import",
      "tools/progress.ts",
      `// @deno-types="npm:@types/cli-progress@3"\nimport bar from "cli-progress";`,
      "imports npm:@types/cli-progress@3, versions belong in deno.json",
    ],
    [
      "a WebAssembly module that lib starts when it is imported",
      "lib/int4/simd.ts",
      `import { memory } from "./kernel_simd.wasm";`,
      "imports ./kernel_simd.wasm, which starts it; importing lib does nothing",
    ],
    [
      "a folder without a level",
      "lib/helpers/text.ts",
      "export const nothing = null;",
      "lib/helpers has no level",
    ],
    [
      "every violation of a file",
      "lib/core/text.ts",
      `import { tf } from "../tensor/ops.ts"; console.log(Deno.args);`,
      "imports lib/tensor, which is not below lib/core",
      "imports lib/tensor/ops.ts instead of lib/tensor/mod.ts",
      "uses console, lib does not print",
      "uses Deno, which only lib/io and lib/tensor may",
    ],
  ]
) {
  Deno.test(`structureViolations() finds ${name}`, () => {
    assertEquals(violationsOf(path, source), violations.map((rule) => `${path}: ${rule}`));
  });
}

for (
  const [name, path, source] of [
    ["a downward import", "lib/model/load.ts", `import { refuse } from "../core/mod.ts";`],
    ["an import within a folder", "lib/quant/trip.ts", `import { clip } from "./uniform.ts";`],
    [
      "the library in an experiment",
      "experiments/notebook.ts",
      `import { trip } from "../lib/mod.ts";`,
    ],
    [
      "data as a module",
      "experiments/measure/a.ts",
      `import a from "../../data/a.json" with { type: "json" };`,
    ],
    [
      "TensorFlow.js in its folder",
      "lib/tensor/mod.ts",
      `export * from "npm:@tensorflow/tfjs@4.22.0";`,
    ],
    ["files in lib/io", "lib/io/read.ts", "export const read = Deno.readFile;"],
    ["internals in a test", "tests/quant/a_test.ts", `import { a } from "../../lib/quant/a.ts";`],
    ["a comment", "lib/core/a.ts", `/** Neither Deno.args nor\n * console. */ // from "npm:a@1"`],
    ["texts", "lib/core/a.ts", 'const a = ["Deno.args", \'console\', `import "npm:a@1"`];'],
    ["a regular expression", "lib/core/a.ts", `const a = text.split(/["'\`/]/); // console`],
  ]
) {
  Deno.test(`structureViolations() lets ${name} pass`, () => {
    assertEquals(violationsOf(path, source), []);
  });
}

Deno.test("structureViolations() sees what follows a quote in a regular expression", () => {
  const source = `const a = text.match(/["\`]/);\nconsole.log(a);\nconst b = /[\`]/;`;
  assertEquals(violationsOf("lib/core/a.ts", source).length, 1);
});

Deno.test("structureViolations() names the files of a circle in order, be it of types alone", () => {
  const circle = new Map([
    ["lib/core/a.ts", `import type { B } from "./b.ts";`],
    ["lib/core/b.ts", `export * from "./c.ts";`],
    ["lib/core/c.ts", `import { a } from "./a.ts";`],
  ]);
  assertEquals(structureViolations(circle), [
    "lib/core/a.ts: imports lib/core/b.ts, which imports lib/core/c.ts, which imports it again",
  ]);
});

Deno.test("structureViolations() finds circles in every folder", () => {
  for (const folder of ["experiments/figures", "tools", "bench", "tests/quant"]) {
    const circle = new Map([
      [`${folder}/a.ts`, `import { b } from "./b.ts";`],
      [`${folder}/b.ts`, `import { a } from "./a.ts";`],
    ]);
    const rule = `imports ${folder}/b.ts, which imports it again`;
    assertEquals(structureViolations(circle), [`${folder}/a.ts: ${rule}`]);
  }
});

Deno.test("structureViolations() finds a file that imports itself", () => {
  assertEquals(violationsOf("lib/core/a.ts", `import { a } from "./a.ts";`), [
    "lib/core/a.ts: imports itself",
  ]);
});
