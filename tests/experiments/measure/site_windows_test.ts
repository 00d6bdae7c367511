import { assertEquals, assertRejects } from "@std/assert";
import { siteWindows } from "../../../experiments/measure/site_windows.ts";
import { siteValues } from "../../../lib/inspect/mod.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

Deno.test("siteWindows() has the values of one layer, window by window", () =>
  withFigureSubject("llama", async ({ model, testWindows }) => {
    const two = testWindows.slice(0, 2);
    const { tensors, channels } = await siteWindows(model, two, "mlp.hidden", 1, {});
    const expected = await Promise.all(two.map(async (window) => {
      const [found] = await siteValues(model, window, "mlp.hidden", {}, [1]);
      return found;
    }));
    assertEquals(tensors, expected.map(({ values }) => values));
    assertEquals(channels, expected[0].shape[1]);
  }));

Deno.test("siteWindows() stops between two windows once its signal is aborted", () =>
  withFigureSubject("llama", async ({ model, testWindows }) => {
    const run = () => siteWindows(model, testWindows, "mlp.hidden", 1, { signal: stoppedSoon() });
    await assertRejects(run, DOMException, "aborted");
  }));
