import { assertEquals } from "@std/assert";
import { transferCurves } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

Deno.test("transferCurves() draws steps beside the line on which nothing is lost", () => {
  const { data, layout } = transferCurves({
    input: { title: "x" },
    output: { title: "Q(x)" },
    x: [-1, 0, 1],
    curves: [{ name: "uniform", y: [-0.5, 0, 0.5] }],
  }) as Attributes;
  assertEquals(data.map(({ name, x, y, line }: Attributes) => [name, x, y, line.shape]), [
    ["no quantization", [-1, 0, 1], [-1, 0, 1], undefined],
    ["uniform", [-1, 0, 1], [-0.5, 0, 0.5], "hvh"],
  ]);
  assertEquals([layout.xaxis.title.text, layout.yaxis.title.text], ["x", "Q(x)"]);
});
