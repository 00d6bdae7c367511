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
  shown.end(0);
  shown.say("opt: refused", "too short");
  shown.finish();
  assertEquals(reports, [
    ["start", "opt: windows", 5],
    ["update", 1, "loss 3"],
    ["finish", "done"],
    ["start", "opt: refused", 1],
    ["finish", "too short"],
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

Deno.test("severalLanes() says something about a cell and goes on counting", () => {
  const { reports, progress } = reportingProgress();
  const shown = severalLanes(progress, 2, 3);
  shown.of("opt", 0).start("windows", 5);
  shown.say("bloom: refused", "too short");
  assertEquals(reports.slice(2), [
    ["start", "bloom: refused", 1],
    ["finish", "too short"],
    ["start", "2 processes", 3],
    ["update", 0, "opt: windows"],
  ]);
});
