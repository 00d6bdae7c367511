import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { nameModels } from "../../tools/model_names.ts";

const names = (folders: string[], taken?: string[]) =>
  nameModels(folders, taken).map(({ name }) => name);

Deno.test("nameModels() calls a model as its folder", () => {
  assertEquals(nameModels(["/models/opt-125m/", "data/llama"]), [
    { folder: "/models/opt-125m/", name: "opt-125m" },
    { folder: "data/llama", name: "llama" },
  ]);
});

Deno.test("nameModels() tells models of one folder name apart by their paths", () => {
  assertEquals(names(["/a/x/m", "/b/x/m", "/b/n"]), ["a/x/m", "b/x/m", "n"]);
  assertEquals(names(["/a/m", "/b/m", "/c/a/m"]), ["/a/m", "b/m", "c/a/m"]);
});

Deno.test("nameModels() leaves other models their names", () => {
  assertEquals(names(["/mine/llama"], ["llama"]), ["mine/llama"]);
});

Deno.test("nameModels() calls a GGUF file what it is called without that", () => {
  assertEquals(names(["a/m.Q4_K.gguf", "b/m.Q4_K"]), ["a/m.Q4_K", "b/m.Q4_K"]);
  assertEquals(names(["a/m.Q4_K.gguf", "n"]), ["m.Q4_K", "n"]);
});

Deno.test("nameModels() counts a folder once, however it is written", () => {
  assertEquals(names(["m", "./m", "m/", "n/../m"]), ["m"]);
});

Deno.test("nameModels() gives every folder a name of its own", () => {
  const part = fc.constantFrom("a", "b", "m", "m.gguf");
  const folder = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) =>
    `/${parts.join("/")}`
  );
  fc.assert(fc.property(fc.uniqueArray(folder), fc.uniqueArray(part), (folders, taken) => {
    const given = names(folders, taken);
    assertEquals(given.length, folders.length);
    assertEquals(new Set([...given, ...taken]).size, given.length + taken.length);
  }));
});
