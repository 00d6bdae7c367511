import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  atSites,
  forward,
  type ForwardOptions,
  openModel,
  type Pruning,
} from "../../lib/model/mod.ts";
import { type MatrixProduct, tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { randomIds, randomModel, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const log2 = { bits: 4, profile: "released", maximum: 1 } as const;
const pruning: Pruning = {
  ratios: new Map([[0, 0.3]]),
  importance: "startToken",
  positions: "renumber",
};

const cases: Record<string, ForwardOptions> = {
  "plain": {},
  "rounded": { probabilities: log2 },
  "pruned": { pruning },
  "rounded and pruned": { probabilities: log2, pruning },
};

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  for (const [how, options] of Object.entries(cases)) {
    Deno.test(`attend() is the same where maps exist, bit for bit: ${name}, ${how}`, async () => {
      await useBackend("agile", { native: false });
      await withRandomModel(architecture, (model) => {
        const run = (options: ForwardOptions) =>
          tidy(() => {
            const { hidden, positions } = forward(model, randomIds(20), options);
            return { hidden: tensorData(hidden).slice(), positions };
          });
        const atOnce = run(options);
        assertEquals(run({ ...options, hook: (value) => value }), atOnce);
        if (options.pruning) {
          const byMaps = { ...options.pruning, importance: startTokenImportance };
          assertEquals(run({ ...options, pruning: byMaps }), atOnce);
        }
      });
      await useBackend("agile");
    });
  }
}

Deno.test("attend() names the layer whose attention gives tokens no score", async () => {
  await withRandomModel(tinyArchitectures.llama, (model) => {
    const hook = atSites(
      ["attn.q"],
      (value, { layer }) => layer === 1 ? tf.mul(value, NaN) : value,
    );
    const late = { ...pruning, ratios: new Map([[1, 0.3]]) };
    for (const options of [{ pruning: late }, { lower: { share: 0.3, inherited: false } }]) {
      assertThrows(
        () => forward(model, randomIds(20), { ...options, hook }),
        InputError,
        "Cannot score tokens: attn.probs of layer 1 must be numbers, got NaN",
      );
    }
  });
});

Deno.test("attend() adds up the scores of maps that arrive in several parts", async () => {
  const heads = 80; // too many maps of 512 x 512 for one part
  const narrow = { heads, keyValueHeads: heads, headDim: 2, hiddenSize: 160, embeddingSize: 160 };
  await withRandomModel({ ...tinyArchitectures.bloom, ...narrow, layers: 1 }, (model) => {
    let parts = 0;
    const importance = (maps: Float32Array, size: { heads: number; tokens: number }) => {
      parts++;
      return startTokenImportance(maps, size);
    };
    const survivors = (importance: Pruning["importance"]) =>
      tidy(() => forward(model, randomIds(512), { pruning: { ...pruning, importance } }).positions);
    assertEquals(survivors(importance), survivors("startToken"));
    assertEquals(parts, 2);
  });
});

Deno.test("attend() rounds before the hook sees the maps", async () => {
  await withRandomModel(tinyArchitectures.bloom, (model) => {
    const seen = new Set<number>();
    const hook: ForwardOptions["hook"] = (value, { site }) => {
      if (site === "attn.probs") { for (const each of tensorData(value)) seen.add(each); }
      return value;
    };
    forward(model, randomIds(20), { hook, probabilities: log2 }).hidden.dispose();
    const levels = [0, ...Array.from({ length: 16 }, (_, code) => 2 ** -code)];
    assertEquals([...seen].filter((value) => !levels.includes(value)), []);
  });
});

for (const cache of [undefined, "int8", { bits: 4, groupSize: 4, residual: 4 }] as const) {
  const how = typeof cache === "object" ? "groups of codes" : cache ?? "no cache";
  Deno.test(`attend() multiplies as its block says, with or without a cache: ${how}`, async () => {
    await useBackend("agile", { native: false });
    const model = await randomModel(tinyArchitectures.llama);
    const run = async (attentionProduct?: MatrixProduct) => {
      using open = await openModel({ ...model, source: { ...model.source, attentionProduct } });
      return tidy(() => tensorData(forward(open, randomIds(12), { cache }).hidden).slice());
    };
    let asked = 0;
    const plain: MatrixProduct = (first, second, transposed) => {
      asked++;
      return tf.matMul(first, second, false, transposed);
    };
    assertFloatsClose(await run(plain), await run(), 1e-5);
    assert(asked >= 4, `${asked} products in two blocks`);
    const none: MatrixProduct = (first, second, transposed) =>
      tf.mul(tf.matMul(first, second, false, transposed), 0);
    const silent = await run(none);
    assertNotEquals(silent, await run());
    await useBackend("agile");
  });
}
