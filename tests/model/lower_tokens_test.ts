import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  extend,
  forward,
  type ForwardOptions,
  type LowerTokens,
  type Pruning,
  type SiteName,
  startCache,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, type tf, tidy } from "../../lib/tensor/mod.ts";
import {
  conventionalImportance,
  randomImportance,
  startTokenImportance,
} from "../../lib/tokens/mod.ts";
import { randomIds, tinyModels, withOpenModel } from "../eval/tiny_models.ts";

const window = randomIds(40, 3);
const laterSites: SiteName[] = ["attn.output", "mlp.input", "mlp.hidden"];

const plans: Record<string, { lower: LowerTokens; pruning?: Pruning }> = {
  "one share": { lower: { share: 0.3, inherited: false } },
  "shares per layer": { lower: { share: [0, 0.5, 0.2], inherited: false } },
  "inherited": { lower: { share: [0.3, 0.2, 0], inherited: true } },
  "pruned": {
    lower: { share: 0.3, inherited: false },
    pruning: {
      ratios: new Map([[0, 0.2], [2, 0.34]]),
      importance: "startToken",
      positions: "renumber",
    },
  },
  "pruned by other scores and inherited": {
    lower: { share: [0.3, 0.3, 0.1], inherited: true },
    pruning: {
      ratios: new Map([[0, 0.2], [1, 0.4]]),
      importance: conventionalImportance,
      positions: "keep",
    },
  },
  "pruned at random": {
    lower: { share: 0.3, inherited: false },
    pruning: { ratios: new Map([[0, 0.2]]), importance: { seed: 5 }, positions: "keep" },
  },
};

/** The original positions that each later site of each layer is told, and the scores of its layer. */
function observed(run: (options: ForwardOptions) => void, options: ForwardOptions) {
  const told: Partial<Record<SiteName, Int32Array>>[] = [];
  const maps: Float32Array[][] = [];
  const hook = (value: tf.Tensor, { site, layer, lower }: Visit) => {
    assertEquals(lower !== undefined, laterSites.includes(site), site);
    if (site === "attn.probs") (maps[layer] ??= []).push(tensorData(value).slice());
    if (lower) (told[layer] ??= {})[site] = lower;
    return value;
  };
  run({ ...options, hook });
  return { told, maps: maps.map((parts) => Float32Array.from(parts.flatMap((part) => [...part]))) };
}

/** The rows of lowest score, the first token's excepted. */
function lowest(scores: Float32Array, count: number): number[] {
  return [...scores.keys()].slice(1).sort((a, b) => scores[a] - scores[b] || a - b).slice(0, count);
}

for (const name of tinyModels) {
  for (const [plan, { lower, pruning }] of Object.entries(plans)) {
    Deno.test(`forward() tells its hook which tokens to compute in fewer bits: ${name}, ${plan}`, () =>
      withOpenModel(name, (model) => {
        const { heads } = model.architecture;
        const run = (options: ForwardOptions) => tidy(() => void forward(model, window, options));
        const { told, maps } = observed(run, { lower, pruning });
        let present = [...window.keys()];
        let before = new Set<number>();
        let some = 0;
        for (const layer of model.blocks.keys()) {
          const tokens = present.length;
          const ratio = pruning?.ratios.get(layer) ?? 0;
          const importance = ratio > 0 ? pruning!.importance : "startToken";
          const score = importance === "startToken" ? startTokenImportance : importance;
          const scores = typeof score === "function"
            ? score(maps[layer], { heads, tokens })
            : randomImportance(tokens, { ...score, layer, window: 0 });
          const pruned = Math.floor(tokens * ratio);
          const share = typeof lower.share === "number" ? lower.share : lower.share[layer];
          const order = lowest(scores, pruned + Math.floor(tokens * share));
          const gone = new Set(order.slice(0, pruned).map((row) => present[row]));
          const own = order.slice(pruned).map((row) => present[row]);
          const expected = new Set(
            [...own, ...lower.inherited ? before : []].filter((token) => !gone.has(token)),
          );
          const staying = present.filter((token) => !gone.has(token));
          for (const site of laterSites) {
            const rows = site === "attn.output" ? present : staying;
            const actual = [...told[layer][site]!].map((row) => rows[row]);
            assertEquals(actual, [...expected].sort((a, b) => a - b), `${site} of layer ${layer}`);
          }
          if (lower.inherited && [...before].some((token) => !own.includes(token))) some++;
          if (!lower.inherited) some += expected.size;
          [present, before] = [staying, expected];
        }
        assert(some > 0, "the plan chooses nothing");
      }));
  }
}

Deno.test("forward() refuses shares of fewer layers and shares out of range", () =>
  withOpenModel("bloom", (model) => {
    for (
      const [share, message] of [
        [[0.5, 0.5], "Cannot select tokens: layer 2 must have a share, got [0.5,0.5]"],
        [1, "Cannot select tokens: ratio must lie in [0, 1), got 1"],
      ] as const
    ) {
      const lower = { share, inherited: false };
      assertThrows(() => forward(model, window, { lower }), InputError, message);
    }
  }));

Deno.test("extend() chooses no tokens: next to a cache there are no scores", () =>
  withOpenModel("opt-pre", (model) => {
    const hook = (value: tf.Tensor, { lower }: Visit) => {
      assertEquals(lower, undefined);
      return value;
    };
    const options = { hook, lower: { share: 0.5, inherited: true } };
    extend(model, startCache(model), window, options).hidden.dispose();
  }));
