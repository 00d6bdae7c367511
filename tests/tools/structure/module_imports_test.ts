import { assertEquals } from "@std/assert";
import { importsOf, type ModuleImport } from "../../../tools/structure/module_imports.ts";

for (
  const [kind, source, specifier = "./a.ts"] of [
    ["code", `import { a } from "./a.ts";`],
    ["code", `import a from './a.ts'`],
    ["code", `import * as a from "./a.ts";`],
    ["code", `import a, { b } from "./a.ts";`],
    ["code", `import {\n  type A, // a comment\n  b,\n} from "./a.ts";`],
    ["code", `import "./a.ts";`],
    ["code", `import {} from "./a.ts";`],
    ["code", `import type from "./a.ts";`],
    ["code", `import { type as kind } from "./a.ts";`],
    ["code", `export * from "./a.ts";`],
    ["code", `export * as a from "./a.ts";`],
    ["code", `export { a } from "./a.ts";`],
    ["code", `const a = await import("./a.ts");`],
    ["code", `const a = await import(\n  "./a.ts"\n);`],
    ["code", `import a from "./a.json" with { type: "json" };`, "./a.json"],
    ["code", `import { kernel } from "./a.wasm";`, "./a.wasm"],
    ["code", `import * as tf from "npm:@tensorflow/tfjs@4.22.0";`, "npm:@tensorflow/tfjs@4.22.0"],
    ["code", `type A = import("./a.ts").A;`],
    ["code", "const a = await import(name);", null],
    ["code", "const a = await import(`./${name}.ts`);", null],
    ["types", `import type { A } from "./a.ts";`],
    ["types", `import type A from "./a.ts";`],
    ["types", `import type * as a from "./a.ts";`],
    ["types", `import { type A } from "./a.ts";`],
    ["types", `import {\n  type A,\n  type B as C,\n} from "./a.ts";`],
    ["types", `export type { A } from "./a.ts";`],
    ["types", `export type * from "./a.ts";`],
    ["types", `export { type A } from "./a.ts";`],
    ["file", `new Worker(new URL("./a.ts", import.meta.url), { type: "module" });`],
    ["file", `const url = new URL(\n  "a.wasm",\n  import.meta.url,\n);`, "a.wasm"],
    ["file", "const url = new URL(name, import.meta.url);", null],
    ["file", "const url = import.meta.resolve(name);", null],
    ["file", "const folder = import.meta.dirname;", null],
  ] as [ModuleImport["kind"], string, (string | null)?][]
) {
  Deno.test(`importsOf() finds ${kind} in ${JSON.stringify(source)}`, () => {
    assertEquals(importsOf(source), [{ kind, specifier }]);
  });
}

Deno.test("importsOf() finds the types of an import beside its code", () => {
  const source = `// @deno-types="./a.d.ts"\nimport a from "a";`;
  assertEquals(importsOf(source), [
    { kind: "code", specifier: "a" },
    { kind: "types", specifier: "./a.d.ts" },
  ]);
});

for (
  const source of [
    `// import "./a.ts";`,
    `/* export * from "./a.ts"; */`,
    'const text = `import "./a.ts";`;',
    `const text = 'import "./a.ts"';`,
    `const text = "new URL('./a.ts', import.meta.url)";`,
    `const pattern = matchAll(/import "a"/g);`,
    `if (import.meta.main) run();`,
    `const url = new URL("./a.ts", base);`,
    `export const from = Array.from("./a.ts");`,
    `const key = await crypto.subtle.importKey("raw");`,
  ]
) {
  Deno.test(`importsOf() finds nothing in ${JSON.stringify(source)}`, () => {
    assertEquals(importsOf(source), []);
  });
}
