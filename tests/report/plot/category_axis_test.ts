import { assert, assertEquals } from "@std/assert";
import { columnLabels, rowLabels } from "../../../lib/report/plot/category_axis.ts";
import { widest } from "../../../lib/report/plot/room.ts";

const labels = (count: number, text: string) => Array.from({ length: count }, () => text);

Deno.test("columnLabels() stand level where they fit, then slanted, upright, and not all of them", () => {
  const angleAndStep = (count: number, text: string) => {
    const { axis: { tickangle, dtick } } = columnLabels(labels(count, text), 300);
    return [tickangle, dtick];
  };
  assertEquals(angleAndStep(4, "AgileQ-8"), [0, 1]);
  assertEquals(angleAndStep(6, "AgileQ-4/8"), [-45, 1]);
  assertEquals(angleAndStep(20, "token"), [-90, 1]);
  assertEquals(angleAndStep(60, "token"), [-90, 3]);
});

Deno.test("columnLabels() make room below for lines and for slanted and upright labels", () => {
  const marginOf = (count: number, text: string) => columnLabels(labels(count, text), 300).margin;
  const level = marginOf(2, "a");
  assert(marginOf(2, "a<br>b<br>c") >= level + 30);
  const long = "a label of some length";
  const upright = marginOf(20, long) - level;
  assert(upright > widest([long], 12) - 20, `${upright}`);
  assert(marginOf(4, long) - level < upright);
});

Deno.test("rowLabels() make room at the left, and leave out what has no line to itself", () => {
  assertEquals(rowLabels(labels(4, "0"), 100).axis.dtick, 1);
  assertEquals(rowLabels(labels(32, "0"), 150).axis.dtick, 3);
  const short = rowLabels(["0"], 100).margin;
  const long = "weights of query, key, value";
  assert(rowLabels([long], 100).margin - short > widest([long], 12) - 40);
});
