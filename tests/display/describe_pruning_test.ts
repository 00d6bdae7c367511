import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { describePruning, describeTrack } from "../../lib/display/describe_pruning.ts";
import { afterLayer, startTrack } from "../../lib/tokens/mod.ts";

const share = (value: number) => ({ value, digits: 2 });

Deno.test("describeTrack() shows what each layer leaves and prunes, and the sparsity of eq. 10", () => {
  const pruned = afterLayer(afterLayer(startTrack(4)), Int32Array.of(0, 2));
  const { table, bars } = describeTrack(afterLayer(pruned, Int32Array.of(1)));
  assertEquals(table.title, "Tokens of a window of 4");
  assertEquals(table.rows, [
    ["0", 4, 0, share(100)],
    ["1", 2, 2, share(50)],
    ["2", 1, 1, share(25)],
  ]);
  assertEquals(table.notes, ["Sparsity 41.67 %."]); // 1 - (4 + 2 + 1) / (3 * 4)
  assertEquals(bars?.values, [4, 2, 1]);
  assertEquals(bars?.ends, ["layer 0", "layer 2"]);
});

Deno.test("describeTrack() prunes in sum what is no longer left", () => {
  const drawn = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(39), { minLength: 1 }));
  fc.assert(fc.property(drawn, ([tokens, limits]) => {
    const track = limits.reduce((track, limit) => {
      const left = Math.max(1, Math.min(track.layers.at(-1)?.length ?? tokens, limit));
      return afterLayer(track, Int32Array.from({ length: left }, (_, index) => index));
    }, startTrack(tokens));
    const { rows } = describeTrack(track).table;
    const pruned = rows.reduce((sum, [, , here]) => sum + Number(here), 0);
    assertEquals(pruned, tokens - Number(rows.at(-1)![1]));
  }));
});

Deno.test("describePruning() multiplies what the layers of a plan leave", () => {
  const ratios = new Map([[1, 0.5], [3, 0.5], [6, 0.2]]);
  const importance = () => Float32Array.of();
  const { table, bars } = describePruning({ ratios, positions: "renumber", importance });
  assertEquals(table.rows, [
    ["1", share(50), share(50)],
    ["3", share(50), share(25)],
    ["6", share(20), share(20)],
  ]);
  assertEquals(table.notes, ["Survivors count from 0 again."]);
  assertEquals(bars, undefined);
  const kept = describePruning({ ratios, positions: "keep", importance });
  assertEquals(kept.table.notes, ["Survivors keep their positions."]);
});
