import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { drawFigure2 } from "../../../experiments/draw/figure2_drawing.ts";
import { profileRows } from "../../../experiments/figures/figure2.ts";
import { blockRecord } from "../result/bench_fixture.ts";

const rows = profileRows(blockRecord).filter(({ model }) => model === "OPT-125M");

Deno.test("drawFigure2() stacks the shares of a block to 100 %, products with weights together", () => {
  const { spec: { data, layout } } = drawFigure2(rows);
  assertEquals(layout.barmode, "stack");
  assertEquals(data.map(({ name }) => name), ["norms", "products with weights", "softmax"]);
  const shares = data.map(({ y }) => y as number[]);
  shares[0].forEach((_, bar) =>
    assertAlmostEquals(shares.reduce((sum, each) => sum + each[bar], 0), 100)
  );
});

Deno.test("drawFigure2() draws no two operations of a block in one colour and hatching", () => {
  const [first] = rows;
  const names = ["norms", "q/k/v", "rotary", "projection", "FC1", "activation", "FC2"];
  const all = [...names, "quantization", "QK", "softmax", "AV"];
  const { spec } = drawFigure2(all.map((operation) => ({ ...first, operation, share: 1 / 11 })));
  const looks = spec.data.map(({ marker }) => JSON.stringify(marker));
  assertEquals(new Set(looks).size, 6);
  assertEquals(looks.length, 6);
});

Deno.test("drawFigure2() writes the time of the block below each bar, to three digits", () => {
  const [first] = rows;
  const operations = ["norms", "FC1"];
  const { spec } = drawFigure2(operations.map((operation) => (
    { ...first, operation, milliseconds: 617.2, share: 0.5 }
  )));
  assertMatch((spec.data[0].x as string[])[0], /<br>1230 ms$/);
});
