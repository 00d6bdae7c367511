import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { quantizeSubject } from "../../../experiments/measure/figure_subject.ts";
import { measureSensitivity } from "../../../experiments/measure/sensitivity_measure.ts";
import { calibrationOf } from "../../../experiments/measure/subject.ts";
import { mean } from "../../../lib/core/mod.ts";
import { readScores, scoreWindows } from "../../../lib/eval/mod.ts";
import { calibrate, methods, unquantized } from "../../../lib/methods/mod.ts";
import { atSites } from "../../../lib/model/mod.ts";
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

Deno.test("measureSensitivity() measures each part as if it were the only one", () =>
  withFigureSubject("llama", async (subject) => {
    const { parts } = await measureSensitivity(subject, { method: "agileq-8", windows: 2 }, {});
    const { model, validationWindows } = subject;
    const quantized = await quantizeSubject(subject, "agileq-8", {});
    const passes = methods["agileq-8-activations"].passes(model.architecture);
    const calibration = calibrationOf(subject);
    const { sites } = await calibrate(unquantized(model), passes, () => calibration);
    for (const changed of [0, 2]) {
      const own = await model.source.layer(changed);
      const { down } = await quantized.model.source.layer(changed);
      const layer = (index: number) =>
        index === changed ? Promise.resolve({ ...own, down }) : model.source.layer(index);
      const alone = { ...model, source: { ...model.source, layer } };
      const scores = await scoreWindows(alone, validationWindows.slice(0, 2), { reference: model });
      const expected = mean(scores.map((each) => readScores([each]).divergence!.value));
      const found = parts.find((part) =>
        part.what === "weights of down" && part.layer === changed
      )!;
      assertEquals(found.divergence, expected);
      const hook = atSites(
        ["mlp.hidden"],
        (value, visit) =>
          visit.layer === changed ? sites[changed]["mlp.hidden"]!.apply(value, visit) : value,
      );
      const rounded = await scoreWindows(model, validationWindows.slice(0, 2), {
        ...{ reference: model, hook },
      });
      assertEquals(
        parts.find(({ what, layer }) => what === "mlp.hidden" && layer === changed)!.divergence,
        mean(rounded.map((each) => readScores([each]).divergence!.value)),
      );
    }
  }));

Deno.test("measureSensitivity() takes parts of a method that rotates the model on the rotated model", () =>
  withFigureSubject("llama", async (subject) => {
    const settings = { method: "quarot-rtn", windows: 1 } as const;
    const { parts } = await measureSensitivity(subject, settings, {});
    assertEquals(new Set(parts.map(({ what }) => what)).size, 6 + 4);
    for (const { what, layer, divergence } of parts) {
      assert(divergence > 0 && divergence < 0.1, `${what} of layer ${layer}: ${divergence}`);
    }
  }));

Deno.test("measureSensitivity() chooses the tokens of fewer bits where a method has such", () =>
  withFigureSubject("llama", async (subject) => {
    const settings = { method: "agileq-4/8", windows: 1 } as const;
    const { parts, together } = await measureSensitivity(subject, settings, {});
    const eight = await measureSensitivity(subject, { ...settings, method: "agileq-8" }, {});
    const hidden = (of: typeof parts) =>
      of.filter(({ what }) => what === "mlp.hidden")
        .reduce((sum, { divergence }) => sum + divergence, 0);
    assert(hidden(parts) > 2 * hidden(eight.parts), `${hidden(parts)}`);
    assert(together > eight.together);
  }));
