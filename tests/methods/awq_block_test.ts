import { assertEquals } from "@std/assert";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { scaleBlock, spacedTokens } from "../../lib/methods/awq_block.ts";
import { awq, calibrate, configure, type Pass, unquantized } from "../../lib/methods/mod.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";

Deno.test("spacedTokens() takes every so manieth token of all windows, and all of few", () => {
  const windows = [Float32Array.of(0, 0, 1, 1, 2, 2), Float32Array.of(3, 3, 4, 4, 5, 5, 6, 6)];
  const values = { channels: 2, windows };
  assertEquals(spacedTokens(values, 3), Float32Array.of(0, 0, 2, 2, 4, 4, 6, 6));
  assertEquals(spacedTokens(values, 4).length, 14);
  assertEquals(spacedTokens(values, 512).length, 14);
});

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`scaleBlock() changes nothing that a block computes: ${name}`, async () => {
    const model = await randomModel(architecture);
    const settings = { bits: 4, groupSize: 8 };
    const [pass] = configure("AWQ", awq, { weights: settings }).passes(architecture);
    let scales = 0;
    const scaling: Pass = {
      ...pass,
      leavesCodes: false,
      async rewrite(layer, seen, at) {
        const found = await scaleBlock(layer, settings, seen, at);
        scales += found.scales.size;
        return found.scaled;
      },
    };
    const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
    const calibration = () => ({ weightWindows: windows, activationWindows: [] });
    const { model: scaled } = await calibrate(unquantized(model), [scaling], calibration);
    const [[before], [after]] = [
      await scoreWindows(model, [randomIds(24)]),
      await scoreWindows(scaled, [randomIds(24)]),
    ];
    assertFloatsClose(after.loss, before.loss, 1e-4);
    assertEquals(
      scales > 0,
      architecture.family !== "bloom" || architecture.normPlacement === "before",
    );
  });
}
