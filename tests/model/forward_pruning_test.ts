import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { forward, logits, type Pruning, type SiteHook } from "../../lib/model/mod.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { type ReferenceOptions, runReference } from "./reference_decoder.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";
import { logitsIn, withReference } from "./with_reference.ts";

/** Stands for a scheme that quantizes attention maps: p (1 - p)^4, which reorders the tokens. */
const changeProbabilities: SiteHook = (value, { site }) =>
  site === "attn.probs" ? tf.mul(value, tf.pow(tf.sub(1, value), 4)) : value;

const pruningCases: [string, ReferenceOptions, SiteHook?][] = [
  ["renumbered", { pruning: { ratios: new Map([[0, 0.3], [1, 0.5]]), positions: "renumber" } }],
  ["kept", { pruning: { ratios: new Map([[0, 0.3], [1, 0.5]]), positions: "keep" } }],
  [
    "kept, one layer, other probabilities",
    {
      pruning: { ratios: new Map([[0, 0.4]]), positions: "keep" },
      probability: (each) => each * (1 - each) ** 4,
    },
    changeProbabilities,
  ],
];

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  for (const [how, options, hook] of pruningCases) {
    Deno.test(`forward() prunes as the reference does, positions ${how}: ${name}`, async () => {
      await withReference(architecture, (model, reference) => {
        const ids = randomIds(30);
        const { tokens, exits } = runReference(reference, ids, options);
        tidy(() => {
          const result = forward(model, ids, { hook, pruning: pruningOf(options.pruning!) });
          assertEquals([...result.positions], tokens.map(({ position }) => position));
          assertEquals(
            result.exits.flatMap(({ positions }) => [...positions]),
            exits.map(({ position }) => position),
          );
          const scores = logits(model, result.hidden);
          assertFloatsClose(tensorData(scores), tokens.flatMap(logitsIn(reference)), 1e-5);
          const early = logits(model, tf.concat(result.exits.map(({ hidden }) => hidden)));
          assertFloatsClose(tensorData(early), exits.flatMap(logitsIn(reference)), 1e-5);
        });
      });
    });
  }
}

Deno.test("forward() scores tokens on the maps that the hook returned", async () => {
  await withRandomModel(families.llama, (model) => {
    const ids = randomIds(30);
    const pruning = pruningOf({ ratios: new Map([[0, 0.5]]), positions: "keep" });
    const plain = forward(model, ids, { pruning });
    const hooked = forward(model, ids, { pruning, hook: changeProbabilities });
    assertNotEquals(hooked.positions, plain.positions);
    tf.dispose([plain, hooked].flatMap(({ hidden, exits }) => [hidden, exits[0].hidden]));
  });
});

Deno.test("forward() prunes at random by the seed, without maps, whatever the hook makes of them", async () => {
  await withRandomModel(families.llama, (model) => {
    const ids = randomIds(30);
    const ratios = new Map([[0, 0.3], [1, 0.3]]);
    const leavers = (seed: number, hook?: SiteHook) => {
      const pruning: Pruning = { ratios, positions: "keep", importance: { seed } };
      return tidy(() =>
        forward(model, ids, { pruning, hook }).exits.map(({ positions }) => positions)
      );
    };
    assertEquals(leavers(1), leavers(1, changeProbabilities));
    assertNotEquals(leavers(1), leavers(2));
    assertEquals(leavers(1).map(({ length }) => length), [9, 6]);
  });
});

Deno.test("forward() sees the same positions in layer 0 whether they are renumbered or kept", async () => {
  await withRandomModel(families.llama, (model) => {
    const ids = randomIds(40);
    const ratios = new Map([[0, 0.25]]);
    tidy(() => {
      const [renumbered, kept] = (["renumber", "keep"] as const).map((positions) =>
        forward(model, ids, { pruning: pruningOf({ ratios, positions }) })
      );
      assertEquals(kept.exits[0].positions, renumbered.exits[0].positions);
      assertEquals(tensorData(kept.exits[0].hidden), tensorData(renumbered.exits[0].hidden));
      assertNotEquals(tensorData(kept.hidden), tensorData(renumbered.hidden));
    });
  });
});

Deno.test("forward() never prunes the first token, at any ratio", async () => {
  await withRandomModel(families.bloom, (model) => {
    for (const ratio of [0.5, 0.99]) {
      for (let seed = 0; seed < 5; seed++) {
        const pruning = {
          ratios: new Map([[0, ratio], [1, ratio]]),
          // The first token is the least important one here.
          importance: (_maps: Float32Array, { tokens }: { tokens: number }) =>
            Float32Array.from({ length: tokens }, (_, token) => token),
          positions: "renumber" as const,
        };
        const { positions } = tidy(() => forward(model, randomIds(20, seed), { pruning }));
        assertEquals(positions[0], 0);
      }
    }
  });
});

Deno.test("forward() computes what it does without pruning where the ratio is 0", async () => {
  for (const architecture of Object.values(families)) {
    await withRandomModel(architecture, (model) => {
      const ids = randomIds(30);
      tidy(() => {
        const plain = forward(model, ids);
        for (const positions of ["renumber", "keep"] as const) {
          const pruning = pruningOf({ ratios: new Map([[0, 0], [1, 0]]), positions });
          const result = forward(model, ids, { pruning });
          assertEquals(result.exits, []);
          assertEquals(result.positions, plain.positions);
          assertEquals(tensorData(result.hidden), tensorData(plain.hidden));
        }
      });
    });
  }
});

Deno.test("forward() prunes nothing where the ratio is less than one token", async () => {
  await useBackend("agile", { native: false }); // attention by maps is the other, bit for bit
  await withRandomModel(families.llama, (model) => {
    tidy(() => {
      const pruning = pruningOf({ ratios: new Map([[0, 0.01]]), positions: "keep" });
      const { exits, hidden } = forward(model, randomIds(10), { pruning });
      assertEquals(exits.map((exit) => exit.hidden.shape), [[0, 24]]);
      assertEquals(tensorData(hidden), tensorData(forward(model, randomIds(10)).hidden));
    });
  });
  await useBackend("agile");
});

Deno.test("forward() refuses pruning it cannot do", async () => {
  await withRandomModel(families.llama, (model) => {
    const refused = (layer: number, ratio: number, batch: number, rule: string) =>
      assertThrows(
        () => {
          const pruning = pruningOf({ ratios: new Map([[layer, ratio]]), positions: "keep" });
          forward(model, randomIds(20), { pruning }, batch);
        },
        InputError,
        rule,
      );
    refused(0, 0.5, 2, "Cannot prune tokens: batch must be 1, got 2");
    refused(2, 0.5, 1, "Cannot prune tokens: layers must be 0..1, got 2");
    refused(-1, 0.5, 1, "Cannot prune tokens: layers must be 0..1, got -1");
    refused(0, 1, 1, "ratio must lie in [0, 1), got 1");
    refused(0, -0.5, 1, "ratio must lie in [0, 1), got -0.5");
    refused(0, NaN, 1, "ratio must lie in [0, 1), got NaN");
  });
});

function pruningOf(settings: Pick<Pruning, "ratios" | "positions">): Pruning {
  return { ...settings, importance: startTokenImportance };
}
