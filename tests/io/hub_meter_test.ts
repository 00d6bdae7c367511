import { assertEquals } from "@std/assert";
import { HubMeter } from "../../lib/io/hub_meter.ts";

Deno.test("HubMeter counts what was there as done, and what comes as speed", () => {
  const said: unknown[][] = [];
  let now = 0;
  const progress = {
    start: (...words: unknown[]) => said.push(["start", ...words]),
    update: (...words: unknown[]) => said.push(["update", ...words]),
    finish: (...words: unknown[]) => said.push(["finish", ...words]),
    say: (...words: unknown[]) => said.push(["say", ...words]),
  };
  const meter = new HubMeter(progress, "org/tiny weights", 12_340_000, () => now);
  meter.begin(4e6);
  meter.update(4e6, "a");
  now = 2000;
  meter.update(6e6, "a");
  meter.update(0, "a"); // begun anew
  meter.update(6e6, "a");
  meter.begin(0);
  now = 4000;
  meter.update(6e6, "b");
  meter.finish();
  assertEquals(said, [
    ["start", "org/tiny weights, MB", 12.3],
    ["update", 4, "a, 0.0 MB/s"],
    ["update", 6, "a, 1.0 MB/s"],
    ["update", 0, "a, 1.0 MB/s"],
    ["update", 6, "a, 4.0 MB/s"],
    ["update", 12, "b, 3.5 MB/s"],
    ["finish", "3.5 MB/s"],
  ]);
});
