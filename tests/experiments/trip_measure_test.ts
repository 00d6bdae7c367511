import { assert, assertEquals } from "@std/assert";
import { measureTrip } from "../../experiments/trip_measure.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

Deno.test("measureTrip() finds the fold exact, and powers that only help", () =>
  withFigureSubject("bloom", (subject) => {
    const { layers, fold } = measureTrip(subject, {
      site: "attn.input",
      bits: 8,
      largestPowers: [0, 1, 3],
      drawnPower: 3,
      pruning: { beta: 0.5, layers: [0], positions: "renumber" },
    }, {});
    assertEquals(fold, { outputs: 24 * 64, equal: 24 * 64 });
    assertEquals(layers.length, 3);
    for (const { ratios, alpha, perChannel } of layers) {
      assert(ratios[0] <= ratios[1] && ratios[1] <= ratios[2]);
      assert(perChannel > ratios[0]);
      assert(alpha.every((power) => power >= 0 && power <= 3));
    }
    assertEquals(layers[0].ratios, layers[0].ratiosPruned, "nothing is pruned before layer 0");
  }));
