import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { figures } from "../../experiments/figures/figures.ts";
import { evaluatedBy } from "../../experiments/tables/measure_models.ts";
import { fingerprintOf, measurementModules } from "../../tools/fingerprint.ts";
import { loadedSources } from "../../tools/structure/loaded_sources.ts";
import { withFiles, writeFile } from "./small_tree.ts";

const entries = ["measure/noise.ts"];

const files = {
  "deno.lock": lockWith({ "fast-png@8.0.0": "one", "commander@15.1.0": "two" }),
  "measure/noise.ts": `import type { T } from "./types.ts";\nimport { a } from "../lib/mod.ts";`,
  "measure/types.ts": "export type T = 1;",
  "measure/other.ts": `import "./noise.ts";`,
  "draw/noise.ts": `import "../measure/noise.ts";`,
  "lib/mod.ts": `export * from "./a.ts";\nexport { run } from "./kernel.wasm";`,
  "lib/a.ts": `import "npm:fast-png@8.0.0";\nnew Worker(new URL("./worker.ts", import.meta.url));`,
  "lib/worker.ts": "export {};",
  "lib/kernel.wasm": "\0asm",
  "lib/assembly/kernel.ts": "export {};",
};

function lockWith(integrities: Record<string, string>): string {
  const npm = Object.entries(integrities).map(([key, integrity]) => [key, { integrity }]);
  const specifiers = Object.keys(integrities).map((key) => [`npm:${key}`, key.split("@")[1]]);
  return JSON.stringify({
    specifiers: Object.fromEntries(specifiers),
    npm: Object.fromEntries(npm),
  });
}

/** The fingerprints before and after a file gets other content. */
const afterWriting = (path: string, content: string) =>
  withFiles(files, async (root) => {
    const before = await fingerprintOf(entries, root);
    await writeFile(root, path, content);
    return [before, await fingerprintOf(entries, root)];
  });

for (
  const [path, content] of [
    ["measure/noise.ts", files["measure/noise.ts"] + " // a comment"],
    ["lib/mod.ts", files["lib/mod.ts"] + "\n"],
    ["lib/worker.ts", "export const speed = 2;"],
    ["lib/kernel.wasm", "\0asm\x01"],
    ["deno.lock", lockWith({ "fast-png@8.0.0": "changed", "commander@15.1.0": "two" })],
  ]
) {
  Deno.test(`fingerprintOf() changes with ${path}`, async () => {
    const [before, after] = await afterWriting(path, content);
    assertNotEquals(after, before);
  });
}

for (
  const [path, content] of [
    ["measure/types.ts", "export type T = 2;"],
    ["measure/other.ts", "export const other = 1;"],
    ["draw/noise.ts", "export const colour = 1;"],
    ["lib/assembly/kernel.ts", "export const speed = 2;"],
    ["lib/new.ts", "export {};"],
    ["README.md", "words"],
    ["deno.lock", lockWith({ "fast-png@8.0.0": "one", "commander@15.1.0": "changed" })],
  ]
) {
  Deno.test(`fingerprintOf() does not change with ${path}, which is not reached`, async () => {
    const [before, after] = await afterWriting(path, content);
    assertEquals(after, before);
  });
}

Deno.test("fingerprintOf() changes when a file moves", () =>
  withFiles(files, async (root) => {
    const before = await fingerprintOf(entries, root);
    await Deno.rename(`${root}/lib/a.ts`, `${root}/lib/b.ts`);
    await writeFile(root, "lib/mod.ts", files["lib/mod.ts"].replace("a.ts", "b.ts"));
    assertNotEquals(await fingerprintOf(entries, root), before);
  }));

Deno.test("fingerprintOf() depends on the files alone, not on the folder they lie in", () =>
  withFiles(files, (one) =>
    withFiles(files, async (other) => {
      assertEquals(await fingerprintOf(entries, other), await fingerprintOf(entries, one));
    })));

Deno.test("fingerprintOf() differs between entries, and not by their order", () =>
  withFiles(files, async (root) => {
    const [one, other] = ["measure/noise.ts", "measure/other.ts"];
    const both = await fingerprintOf([one, other], root);
    assertNotEquals(both, await fingerprintOf([one], root));
    assertEquals(both, await fingerprintOf([other, one], root));
    assertMatch(both, /^[0-9a-f]{64}$/);
  }));

const root = new URL("../../", import.meta.url).pathname;

for (
  const [module, measuredBy] of [
    ...figures.map(({ name, measuredBy }) => [`figures/${name}.ts`, measuredBy] as const),
    ["tables/measure_models.ts", evaluatedBy] as const,
  ]
) {
  Deno.test(`measurementModules() of ${module} reach what it measures with, and nothing that draws`, async () => {
    const { files } = await loadedSources([`experiments/${module}`], root);
    const reached = (await loadedSources(measurementModules(measuredBy), root)).files;
    const measuring = files.filter((path) => path.startsWith("experiments/measure/"));
    assertEquals(measuring.filter((path) => !reached.includes(path)), []);
    const others =
      /^(experiments\/(?!measure\/)|lib\/(report|display|sweep|train|generate)\/|tools)/;
    assertEquals(reached.filter((path) => others.test(path)), []);
  });
}
