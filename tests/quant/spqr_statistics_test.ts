import { assertEquals } from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { SpqrStatistics } from "../../lib/quant/spqr_statistics.ts";

const options = { bits: 2, statisticsGroupSize: 2 };
/** `[min, max]` of the groups of four rows: scales 1..4 and 10..40, zero points 0. */
const ranges = [1, 2, 3, 4].map((scale) => [[0, 3 * scale], [0, 30 * scale]] as const);

function fitted(given: typeof options & { statisticsBits?: number; floatDtype?: "F16" }) {
  const statistics = new SpqrStatistics(4, 2, given);
  ranges.forEach((groups, row) =>
    groups.forEach(([min, max], group) => statistics.fit(row, group, [min, max]))
  );
  for (const group of [0, 1]) statistics.quantize(0, 4, group);
  return statistics;
}

Deno.test("SpqrStatistics stores the grids of rows together, group by group", () => {
  const { scale, zeroPoint } = fitted(options).stored("up");
  assertEquals([scale.rows, scale.columns, scale.form], [2, 4, "F32"]);
  assertEquals([...decodeMatrix(scale)], [1, 2, 10, 20, 3, 4, 30, 40]);
  assertEquals([...decodeMatrix(zeroPoint)].map(Math.abs), new Array(8).fill(0));
});

Deno.test("SpqrStatistics gives the grids that it stores", () => {
  for (const floatDtype of [undefined, "F16" as const]) {
    const statistics = fitted({ ...options, statisticsBits: 2, floatDtype });
    const { scale } = statistics.stored("up");
    const stored = decodeMatrix(scale);
    assertEquals(scale.byteLength, 8 * 2 / 8 + 4 * (floatDtype ? 2 + 2 : 4 + 4));
    for (const row of [0, 1, 2, 3]) {
      for (const group of [0, 1]) {
        const place = (row >> 1) * 4 + group * 2 + row % 2;
        assertEquals(statistics.gridOf(row, group).scale, stored[place]);
      }
    }
  }
});

Deno.test("SpqrStatistics rounds zero points where that is wanted", () => {
  const statistics = new SpqrStatistics(1, 1, {
    ...{ bits: 2, statisticsGroupSize: 1, roundZeroPoint: true },
  });
  statistics.fit(0, 0, [-1, 1]);
  assertEquals(statistics.gridOf(0, 0), { scale: Math.fround(2 / 3), zeroPoint: 2 });
});
