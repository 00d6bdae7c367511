import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { bitFields, type DrawnField } from "../../../lib/report/mod.ts";
import type { Attributes } from "./attributes.ts";

/** The drawing of registers, as Plotly has it. */
function parts(...registers: DrawnField[][]) {
  const { data: [text], layout } = bitFields({
    registers: registers.map((fields, index) => ({ label: `r${index}`, fields })),
  });
  return { text: text as Attributes, layout: layout as Attributes };
}

const weights: DrawnField[] = [
  { name: "0", bits: 2, value: 0 },
  { name: "w", bits: 3, value: 5, lane: 0 },
];

Deno.test("bitFields() writes every bit in its place, the lowest on the right", () => {
  const { text, layout } = parts(weights);
  assertEquals(text.text, ["0", "0", "1", "0", "1"]);
  assertEquals(text.x, [4.5, 3.5, 2.5, 1.5, 0.5]);
  assertEquals(layout.xaxis.range, [5, 0]);
});

Deno.test("bitFields() aligns the lowest bits of registers of different widths", () => {
  const { text, layout } = parts(weights, [{ name: "a", bits: 1, value: 1, lane: 1 }]);
  assertEquals([text.x.at(-1), text.y.at(-1)], [0.5, 1]);
  assertEquals(layout.yaxis.ticktext, ["r0", "r1"]);
});

Deno.test("bitFields() frames fields, and names and colours those of a lane", () => {
  const { layout } = parts(weights);
  assertEquals(layout.shapes.map(({ x0, x1 }: Attributes) => [x0, x1]), [[5, 3], [3, 0]]);
  assertEquals(layout.shapes.map(({ fillcolor }: Attributes) => fillcolor), [
    "rgba(0,0,0,0)",
    "#0072B240",
  ]);
  assertEquals(layout.annotations.map(({ text, x }: Attributes) => [text, x]), [["w = 5", 1.5]]);
});

Deno.test("bitFields() prints signed fields as two's complement reads them", () => {
  const field = { name: "r", bits: 3, lane: 0, signed: true };
  const { text, layout } = parts([{ ...field, value: 7 }], [{ ...field, value: 3 }]);
  assertEquals(text.text.slice(0, 3), ["1", "1", "1"]);
  assertEquals(layout.annotations.map(({ text }: Attributes) => text), ["r = -1", "r = 3"]);
});

Deno.test("bitFields() refuses a value that does not fit, and no registers", () => {
  assertThrows(
    () => parts([{ name: "w", bits: 4, value: 16 }]),
    InputError,
    "Cannot draw r0: w must fit 4 bits, got 16",
  );
  assertThrows(() => parts(), InputError, "Cannot draw registers: there must be at least one");
});
