import { assertEquals } from "@std/assert";
import { drawLaneSums, overflowTable } from "../../../experiments/draw/lane_overflow.ts";
import { drawRegisters } from "../../../experiments/draw/register_drawing.ts";
import { proveMultiplier } from "../../../experiments/tables/int4_proof.ts";
import { verdictLegend } from "../../../lib/core/mod.ts";
import { packWeights, traceDotInt4 } from "../../../lib/int4/mod.ts";

Deno.test("proveMultiplier() compares every input and finds none that differs", () => {
  const { rows, notes } = proveMultiplier();
  assertEquals(rows.map((row) => row.slice(1)), [[16 ** 3, 0], [16 ** 4, 0]]);
  assertEquals(notes, [
    '"the packed multiplier is exact": reproduced (0 of 69632 differ)',
    verdictLegend,
  ]);
});

Deno.test("overflowTable() is exact where lanes spill, wrong where they wrap, refused where told", () => {
  const { rows } = overflowTable(300);
  assertEquals(rows.slice(0, 3).map((row) => row.slice(1)), [
    [67500, 67500, "none"],
    [67500, 67500, "none"],
    // The second lane loses 2^16 and carries 1 into the first, which loses its own 2^16.
    [67500 - 65536 + 1, 67500 - 65536, "none"],
  ]);
  assertEquals(rows[3].slice(1), [
    null,
    null,
    "Cannot accumulate row 291: lanes must stay within 65535, got [65700,65700]",
  ]);
});

Deno.test("overflowTable() has nothing to report up to 291 rows", () => {
  const { rows, notes } = overflowTable(291);
  assertEquals(
    notes![0],
    '"256 rows can be added without overflow": reproduced (a lane holds the products of 291)',
  );
  assertEquals(rows.map((row) => row.slice(1)), Array(4).fill([65475, 65475, "none"]));
});

Deno.test("drawLaneSums() shows the spill at 256 rows and the overflow at 292", () => {
  const [spilled, left, exact] = drawLaneSums(300).data.map(({ y }) => y as number[]);
  assertEquals(spilled.slice(254, 257), [57375, 57600, 225]);
  assertEquals(left.slice(290, 292), [65475, 65700 - 65536]);
  assertEquals(exact[299], 67500);
});

Deno.test("drawRegisters() colours the two columns and leaves padding blank", () => {
  const weights = packWeights(Uint8Array.of(3, 5), { rows: 1, columns: 2 });
  const states = traceDotInt4(Uint8Array.of(7), weights, 0);
  const { layout } = drawRegisters(states.slice(0, 3), "Registers");
  const labels = (layout.yaxis as { ticktext: string[] }).ticktext;
  assertEquals(labels, ["row 0: weights", "row 0: activation", "row 0: products"]);
  const texts = (layout.annotations as { text: string }[]).map(({ text }) => text);
  assertEquals(texts, [
    "w<sub>i</sub> = 3",
    "w<sub>i+1</sub> = 5",
    "a = 7",
    "p<sub>i</sub> = 21",
    "p<sub>i+1</sub> = 35",
  ]);
});

Deno.test("drawRegisters() reads results in two's complement", () => {
  const weights = packWeights(Uint8Array.of(3, 8), { rows: 1, columns: 2, zeroPoint: 8 });
  const states = traceDotInt4(Uint8Array.of(7), weights, 0).slice(-4);
  const { layout } = drawRegisters(states, "Results");
  const texts = (layout.annotations as { text: string }[]).map(({ text }) => text);
  assertEquals(texts, [
    "correction<sub>i</sub> = 56",
    "result<sub>i</sub> = -35",
    "correction<sub>i+1</sub> = 56",
    "result<sub>i+1</sub> = 0",
  ]);
});
