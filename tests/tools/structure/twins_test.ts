import { assertEquals } from "@std/assert";
import { filesWithoutTwin, twinOf } from "../../../tools/structure/twins.ts";

Deno.test("twinOf() mirrors the folders of lib", () => {
  assertEquals(twinOf("lib/core/random.ts"), "tests/core/random_test.ts");
  assertEquals(twinOf("lib/report/plot/room.ts"), "tests/report/plot/room_test.ts");
});

Deno.test("filesWithoutTwin() finds a function without tests until they are there", () => {
  const files = new Map([["lib/core/a.ts", "export function a() {}"]]);
  assertEquals(filesWithoutTwin(files), ["lib/core/a.ts"]);
  assertEquals(filesWithoutTwin(files.set("tests/core/b_test.ts", "")), ["lib/core/a.ts"]);
  assertEquals(filesWithoutTwin(files.set("tests/core/a_test.ts", "")), []);
});

for (
  const source of [
    "export async function a() {}",
    "export default function () {}",
    "/** A. */\nexport class A {}",
    "export abstract class A {}",
    "export const a = () => 1;",
    "export const a = async (b: number) => await b;",
    "export const a = <T>(b: T): T[] => [b];",
    "export const a = (b: (c: string) => string): string => b('');",
    "export const a: Reader = (b) =>\n  b;",
    "export const a = b => b;",
  ]
) {
  Deno.test(`filesWithoutTwin() takes for code: ${source}`, () => {
    assertEquals(filesWithoutTwin(new Map([["lib/a.ts", source]])).length, 1);
  });
}

for (
  const [path, source] of [
    ["lib/core/types.ts", "export interface A {\n  b(): void;\n}\nexport type C = () => void;"],
    ["lib/core/constants.ts", "export const a = 1;\nexport const b = [1].map((c) => 2 * c);"],
    ["lib/core/constants.ts", "export const a = (() => 1)();\nfunction hidden() {}"],
    ["lib/core/texts.ts", "/*\nexport function a() {}\n*/\nexport const a = `\nexport class A`;"],
    ["lib/core/mod.ts", 'export { a } from "./a.ts";'],
    ["lib/core/a.d.ts", "export function a(): void;"],
    ["lib/tensor/assembly/a.ts", "export function a(): void {}"],
    ["experiments/a.ts", "export function a() {}"],
  ]
) {
  Deno.test(`filesWithoutTwin() lets ${path} be: ${source}`, () => {
    assertEquals(filesWithoutTwin(new Map([[path, source]])), []);
  });
}
