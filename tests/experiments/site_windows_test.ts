import { assertEquals } from "@std/assert";
import { siteWindows } from "../../experiments/site_windows.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

Deno.test("siteWindows() has the values of one layer, window by window", () =>
  withFigureSubject("llama", ({ model, testWindows }) => {
    const { tensors, channels } = siteWindows(model, testWindows.slice(0, 2), "mlp.hidden", 1);
    const expected = testWindows.slice(0, 2).map((window) =>
      siteValues(model, window, "mlp.hidden", {}, [1])[0]
    );
    assertEquals(tensors, expected.map(({ values }) => values));
    assertEquals(channels, expected[0].shape[1]);
  }));
