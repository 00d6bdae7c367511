import { assertEquals, assertThrows } from "@std/assert";
import { profileRows } from "../../experiments/figure2.ts";
import { drawProfile } from "../../experiments/figure2_drawing.ts";
import { InputError } from "../../lib/core/mod.ts";
import { blockRecord } from "./bench_fixture.ts";

const rows = profileRows(blockRecord);

Deno.test("drawProfile() stacks operations, a panel per level, a bar per execution", () => {
  const { data, layout } = drawProfile(rows, { model: "OPT-125M", phase: "prefill", tokens: 128 });
  const native = data.filter(({ xaxis }) => xaxis === "x2");
  assertEquals(native.map(({ name }) => name), ["norms", "products with weights", "softmax"]);
  assertEquals(native[0].x, ["FP32", "W4A8", "W4A4"]);
  const expected = rows.filter(({ model, level, execution }) =>
    model === "OPT-125M" && level === "native" && execution === "W4A8"
  ).map(({ milliseconds }) => milliseconds);
  assertEquals(native.map(({ y }) => (y as number[])[1]), expected);
  assertEquals(layout.barmode, "stack");
});

Deno.test("drawProfile() refuses what was not measured", () => {
  assertThrows(
    () => drawProfile(rows, { model: "OPT-125M", phase: "decode", tokens: 1 }),
    InputError,
    "Cannot draw panels: there must be at least one",
  );
});
