import { assertEquals } from "@std/assert";
import { importCircles } from "../../../tools/structure/import_circles.ts";

/** Circles of files with one letter as names: `a: "bc"` imports b and c. */
const circlesOf = (imports: Record<string, string>) =>
  importCircles(new Map(Object.entries(imports).map(([file, letters]) => [file, [...letters]])))
    .map((circle) => circle.join(""));

for (
  const [name, imports, ...circles] of [
    ["files that meet again", { a: "bc", b: "d", c: "d", d: "" }],
    ["files that are imported from outside a circle", { a: "b", b: "cd", c: "b", d: "" }, "bc"],
    ["a file without an entry", { a: "z" }],
    ["a file that imports itself", { a: "a" }, "a"],
    ["two files", { a: "b", b: "a" }, "ab"],
    ["a longer circle in its order", { a: "d", b: "a", c: "b", d: "c" }, "adcb"],
    ["the shortest way round", { a: "bc", b: "c", c: "a" }, "ac", "bca"],
    ["two circles", { a: "b", b: "a", c: "d", d: "c" }, "ab", "cd"],
    ["circles that share a file", { a: "bc", b: "a", c: "a" }, "ab", "ca"],
  ] as [string, Record<string, string>, ...string[]][]
) {
  Deno.test(`importCircles() of ${name}: ${circles.join(", ") || "none"}`, () => {
    assertEquals(circlesOf(imports), circles);
  });
}
