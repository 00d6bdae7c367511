import { assertEquals } from "@std/assert";
import { counted } from "../../lib/core/mod.ts";

Deno.test("counted() puts the noun in the plural for every count but one", () => {
  const said = [0, 1, 2, 21].map((count) => counted(count, "window"));
  assertEquals(said, ["0 windows", "1 window", "2 windows", "21 windows"]);
});

Deno.test("counted() takes a plural that is not the noun and an s", () => {
  const said = [1, 3].map((count) => counted(count, "matrix", "matrices"));
  assertEquals(said, ["1 matrix", "3 matrices"]);
});
