import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { channelSites, measureSiteChannels } from "../../../experiments/measure/site_channels.ts";
import { siteValues } from "../../../lib/inspect/mod.ts";
import { channelExtremes, channelPersistence } from "../../../lib/quant/mod.ts";
import { stoppedSoon } from "./stop.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings = { outlying: 1.2, often: 0.2, windows: 1 };

Deno.test("measureSiteChannels() names the channels that are often outlying on either text", () =>
  withFigureSubject("llama", async (subject) => {
    const { layers } = await measureSiteChannels(subject, settings, {});
    assertEquals(layers.length, channelSites.length * 3);
    const { model, testWindows: [test], validationWindows: [validation] } = subject;
    const shares = async (window: Int32Array) => {
      const [{ values }] = await siteValues(model, window, "mlp.input", {}, [1]);
      return channelPersistence(values, 64, 1.2 * channelExtremes(values, 64).typical);
    };
    const [own, other] = [await shares(test), await shares(validation)];
    const found = layers.find(({ site, layer }) => site === "mlp.input" && layer === 1)!;
    const often = Array.from(own.keys()).filter((channel) =>
      own[channel] >= 0.2 || other[channel] >= 0.2
    );
    assert(often.length > 0);
    assertEquals(found.outliers.map(({ channel }) => channel).sort((a, b) => a - b), often);
    for (const { channel, test, validation } of found.outliers) {
      assertEquals([test, validation], [own[channel], other[channel]]);
    }
    const ordered = found.outliers.map(({ test }) => test);
    assertEquals(ordered, ordered.toSorted((one, another) => another - one));
    assertEquals(found.persistence, { value: Math.max(...own) });
  }));

Deno.test("measureSiteChannels() says which share of the outlier channels two texts have in common", () =>
  withFigureSubject("opt-pre", async (subject) => {
    const { layers, overlaps } = await measureSiteChannels(subject, settings, {});
    assert(overlaps.length > 0);
    for (const { site, count, overlap } of overlaps) {
      const own = layers.filter((layer) => layer.site === site).flatMap(({ outliers }) => outliers);
      const [test, both] = [
        own.filter(({ test }) => test >= 0.2),
        own.filter(({ test, validation }) => test >= 0.2 && validation >= 0.2),
      ];
      assertEquals(count, test.length);
      assertAlmostEquals(overlap.value, both.length / own.length, 1e-12);
    }
  }));

Deno.test("measureSiteChannels() finds the channels of one text on itself, and none above all values", () =>
  withFigureSubject("bloom", async (subject) => {
    const same = { ...subject, validationWindows: subject.testWindows };
    const { overlaps } = await measureSiteChannels(same, { ...settings, windows: 3 }, {});
    assert(overlaps.length > 0);
    assert(overlaps.every(({ overlap }) => overlap.value === 1 && overlap.low! <= 1));
    const none = await measureSiteChannels(same, { ...settings, outlying: 1e6 }, {});
    assertEquals(none.overlaps, []);
    assert(none.layers.every(({ outliers }) => outliers.length === 0));
  }));

Deno.test("measureSiteChannels() stops once its signal is aborted", () =>
  withFigureSubject("llama", async (subject) => {
    const run = () => measureSiteChannels(subject, settings, { signal: stoppedSoon() });
    await assertRejects(run, DOMException, "aborted");
  }));
