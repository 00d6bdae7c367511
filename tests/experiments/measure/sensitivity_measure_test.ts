import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { measureSensitivity } from "../../../experiments/measure/sensitivity_measure.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

Deno.test("measureSensitivity() quantizes every site and group of weights of every layer alone", () =>
  withFigureSubject("llama", async (subject) => {
    const settings = { method: "agileq-8", windows: 2 } as const;
    const { parts, lead, together } = await measureSensitivity(subject, settings, {});
    const names = [...new Set(parts.map(({ what }) => what))];
    assertEquals(names.slice(0, 8), [
      "attn.input",
      "attn.q",
      "attn.k",
      "attn.v",
      "attn.probs",
      "attn.output",
      "mlp.input",
      "mlp.hidden",
    ]);
    assertEquals(names.slice(8), [
      "weights of query, key, value",
      "weights of output",
      "weights of gate, up",
      "weights of down",
    ]);
    assertEquals(parts.length, 12 * 3);
    const sums = names.map((name) =>
      parts.filter(({ what }) => what === name).reduce((sum, each) => sum + each.divergence, 0)
    ).toSorted((one, other) => other - one);
    assertAlmostEquals(lead.value, sums[0] / sums[1], 1e-9);
    assert(lead.low! < lead.high!);
    assert(parts.every(({ divergence }) => divergence >= 0));
    const weights = parts.filter(({ what }) => what.startsWith("weights"));
    assert(weights.every(({ divergence }) => divergence > 0));
    assert(together > Math.max(...parts.map(({ divergence }) => divergence)));
  }));
