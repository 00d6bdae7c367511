import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

Deno.test("llama_cpp.lock has nothing for graphics cards", async () => {
  assertEquals((await read("bench/peers/llama_cpp.lock")).match(/cuda|vulkan/), null);
});

for (const name of ["llama_cpp", "onnxruntime"]) {
  Deno.test(`${name}.lock has what the harness imports beside the engine: peers run with it frozen`, async () => {
    const sources = [...Deno.readDirSync(new URL("lib/core", root))]
      .map(({ name }) => read(`lib/core/${name}`));
    const imported = (await Promise.all(sources))
      .flatMap((source) => [...source.matchAll(/"(npm:[^"]+)"/g)].map(([, found]) => found));
    const { imports } = JSON.parse(await read(`bench/peers/${name}.json`));
    const { specifiers } = JSON.parse(await read(`bench/peers/${name}.lock`));
    const needed = [...imported, ...Object.values<string>(imports)];
    assertEquals(Object.keys(specifiers).sort(), [...new Set(needed)].sort());
  });
}
