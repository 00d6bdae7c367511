import { assert, assertEquals, assertRejects } from "@std/assert";
import { measureTrip, type TripSettings } from "../../../experiments/measure/trip_measure.ts";
import { silent } from "../../../lib/core/mod.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const settings: TripSettings = {
  site: "attn.input",
  bits: 8,
  largestPowers: [0, 1, 3],
  drawnPower: 3,
  pruning: { beta: 0.5, layers: [0], positions: "renumber" },
};

Deno.test("measureTrip() finds the fold exact, and powers that only help", () =>
  withFigureSubject("bloom", async (subject) => {
    const { layers, fold } = await measureTrip(subject, settings, {});
    assertEquals(fold, { outputs: 24 * 64, equal: 24 * 64 });
    assertEquals(layers.length, 3);
    for (const { ratios, alpha, perChannel } of layers) {
      assert(ratios[0] <= ratios[1] && ratios[1] <= ratios[2]);
      assert(perChannel > ratios[0]);
      assert(alpha.every((power) => power >= 0 && power <= 3));
    }
    assertEquals(layers[0].ratios, layers[0].ratiosPruned, "nothing is pruned before layer 0");
  }));

Deno.test("measureTrip() stops between two layers once its signal is aborted, and before the first", () =>
  withFigureSubject("bloom", async (subject) => {
    for (const isBegun of [true, false]) {
      const controller = new AbortController();
      if (!isBegun) controller.abort();
      const started: string[] = [];
      const start = (label: string) => {
        started.push(label);
        controller.abort();
      };
      const hooks = { progress: { ...silent, start }, signal: controller.signal };
      await assertRejects(() => measureTrip(subject, settings, hooks), DOMException, "aborted");
      assertEquals(started.length > 0, isBegun);
    }
  }));
