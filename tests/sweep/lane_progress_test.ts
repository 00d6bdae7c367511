import { assertEquals } from "@std/assert";
import { oneLane, severalLanes } from "../../lib/sweep/lane_progress.ts";
import { reportingProgress } from "./reporting_progress.ts";

Deno.test("oneLane() passes the work of a cell on under the cell's name", () => {
  const { reports, progress } = reportingProgress();
  const shown = oneLane(progress);
  const cell = shown.of("opt", 0);
  cell.start("windows", 5);
  cell.update(1, "loss 3");
  cell.finish("done");
  cell.say("a remark");
  shown.end(0);
  shown.finish();
  assertEquals(reports, [
    ["start", "opt: windows", 5],
    ["update", 1, "loss 3"],
    ["finish", "done"],
    ["say", "opt: a remark"],
  ]);
});

Deno.test("severalLanes() counts cells, and notes how far each lane is", () => {
  const { reports, progress } = reportingProgress();
  const shown = severalLanes(progress, 2, 3);
  const [one, two] = [shown.of("opt", 0), shown.of("bloom", 1)];
  two.start("GPTQ", 4);
  one.start("windows", 5);
  one.update(2.5, "loss 3");
  two.finish("done");
  shown.end(0);
  shown.end(1);
  shown.finish();
  assertEquals(reports, [
    ["start", "2 processes", 3],
    ["update", 0, "bloom: GPTQ"],
    ["update", 0, "opt: windows; bloom: GPTQ"],
    ["update", 0, "opt: windows 2.5/5; bloom: GPTQ"],
    ["update", 0, "opt: windows 2.5/5; bloom: GPTQ, done"],
    ["update", 1, "bloom: GPTQ, done"],
    ["update", 2, ""],
    ["finish"],
  ]);
});

Deno.test("severalLanes() passes on what a cell says, under its name", () => {
  const { reports, progress } = reportingProgress();
  const shown = severalLanes(progress, 2, 3);
  shown.of("opt", 0).say("a remark");
  assertEquals(reports.slice(1), [["say", "opt: a remark"]]);
});
