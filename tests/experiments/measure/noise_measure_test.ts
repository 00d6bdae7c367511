import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { measureNoise, noiseSchemes, placeOf } from "../../../experiments/measure/noise_measure.ts";
import { mean } from "../../../lib/core/mod.ts";
import { floatMatrix } from "../../../lib/format/mod.ts";
import { withModule } from "../../eval/tiny_models.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

Deno.test("measureNoise() gives a ratio for every scheme, site and layer", () =>
  withFigureSubject("llama", async (subject) => {
    const { sites, gain, gains: perSite } = await measureNoise(subject, { windows: 2 }, {});
    assertEquals(sites.length, 3 * 8 * 3);
    assert(sites.every(({ ratio }) => Number.isFinite(ratio)));
    const average = (scheme: string, site: string) =>
      mean(
        sites.filter((each) => each.scheme === scheme && placeOf(each.site) === site)
          .map(({ ratio }) => ratio),
      );
    const gains = sites.filter(({ scheme, site }) =>
      scheme.startsWith("TRIP") && site !== "attn.probs" && site !== "attn.output"
    ).map(({ ratio, site, layer }) =>
      ratio -
      sites.find((each) =>
        each.scheme === "one step per tensor" && each.site === site && each.layer === layer
      )!.ratio
    );
    assertAlmostEquals(gain.value, mean(gains), 1e-9);
    assert(gain.low! < gain.high!);
    assertEquals(perSite.length, 6);
    assertAlmostEquals(mean(perSite.map((each) => each.gain.value)), gain.value, 1e-9);
    const { site, left } = perSite[0];
    const finer = average("one step per channel or head", site) - average("TRIP, K = 3", site);
    assertAlmostEquals(left.value, finer, 1e-9);
    // The softmax is read alike by all, and with one step the input of the output projection by two.
    const softmax = Object.keys(noiseSchemes).map((scheme) => average(scheme, "attn.probs"));
    assertEquals(softmax, [softmax[0], softmax[0], softmax[0]]);
    assertEquals(
      average("TRIP, K = 3", "attn.output"),
      average("one step per tensor", "attn.output"),
    );
    assert(
      average("one step per channel or head", "attn.output") !==
        average("TRIP, K = 3", "attn.output"),
    );
    // Eight bits are finer than four powers of two, and TRIP than one step beside outliers.
    assert(average("TRIP, K = 3", "attn.v") > average("TRIP, K = 3", "attn.probs"));
    assert(average("TRIP, K = 3", "attn.input") > average("one step per tensor", "attn.input"));
  }));

Deno.test("measureNoise() stops while it calibrates once its signal is aborted", () =>
  withFigureSubject("llama", async (subject) => {
    const model = await withModule(subject.model, 0, "up", ({ weight: { rows, columns } }) => {
      const values = new Float32Array(rows * columns).fill(NaN); // what calibration would refuse
      return { weight: floatMatrix("F32", values, rows, columns) };
    });
    const run = () =>
      measureNoise({ ...subject, model }, { windows: 1 }, { signal: AbortSignal.abort() });
    await assertRejects(run, DOMException, "aborted");
  }));
