import { assertAlmostEquals, assertEquals } from "@std/assert";
import { profileRows, profileTable } from "../../../experiments/figures/figure2.ts";
import { blockRecord } from "../result/bench_fixture.ts";

const rows = profileRows(blockRecord);

Deno.test("profileRows() shares the sum of the operations out", () => {
  const own = rows.filter(({ model, level, execution }) =>
    model === "OPT-125M" && level === "native" && execution === "W4A8"
  );
  assertEquals(own.map(({ operation, milliseconds }) => [operation, milliseconds]), [
    ["norms", 5],
    ["q/k/v", 10],
    ["softmax", 15],
  ]);
  own.forEach(({ share }, index) => assertAlmostEquals(share, (index + 1) / 6));
});

Deno.test("profileTable() has percent by operation, level and execution", () => {
  const table = profileTable(rows, { model: "OPT-125M", phase: "prefill", tokens: 128 });
  assertEquals(table.columns, [
    "operation",
    ...["plain SIMD FP32", "plain SIMD W4A8", "native FP32", "native W4A8", "native W4A4"],
  ]);
  assertEquals(table.rows.map(([operation]) => operation), ["norms", "q/k/v", "softmax"]);
  assertEquals(table.rows[2][1], { value: 50, digits: 1 });
});
