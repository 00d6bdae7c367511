import { assertEquals } from "@std/assert";
import { windowsFor } from "../../../experiments/figures/figure8.ts";
import { facts } from "../measure/tiny_subject.ts";
import { tinyArchitecture } from "../measure/tiny_folder.ts";

/** The lengths that are compared on so many windows of a text. */
function lengthsOn(windows: number, window: number, maxPositions: number): number[] {
  const model = { name: "tiny", architecture: { ...tinyArchitecture, maxPositions } };
  return windowsFor({ model, facts: { ...facts, window, windows } });
}

Deno.test("windowsFor() goes as far as the model and ten windows of the text allow", () => {
  assertEquals(lengthsOn(40, 2048, 8192), [128, 256, 512, 2048, 8192]);
  assertEquals(lengthsOn(39, 2048, 8192), [128, 256, 512, 2048]);
  assertEquals(lengthsOn(63, 512, 512), [128, 256, 512]);
  assertEquals(lengthsOn(63, 512, Infinity), [128, 256, 512, 2048]);
});

Deno.test("windowsFor() goes as far as the windows of the subject, however few", () => {
  assertEquals(lengthsOn(1, 512, 8192), [128, 256, 512]);
});
