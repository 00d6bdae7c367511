import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import { calibrate, rotateModel, rotationPass, unquantized } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  extend,
  loadModel,
  logits,
  type Model,
  openModel,
  saveModel,
  startCache,
} from "../../lib/model/mod.ts";
import { rotateByHadamard } from "../../lib/quant/mod.ts";
import { tensorData, tidy } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import { unread } from "./support.ts";

const architectures: Record<string, Architecture> = {
  ...tinyArchitectures,
  "llama with four heads, which are mixed": {
    ...tinyArchitectures.llama,
    ...{ heads: 4, keyValueHeads: 2, headDim: 8 },
  },
  "opt with twelve heads, which are mixed": { ...tinyArchitectures.opt, heads: 12, headDim: 2 },
  "bloom with four heads and a head of its own": {
    ...tinyArchitectures.bloom,
    ...{ heads: 4, keyValueHeads: 4, headDim: 8, tiedHead: false },
  },
};
architectures["opt with twelve heads, which are mixed"].keyValueHeads = 12;

const lossesOf = async (model: Model) => (await scoreWindows(model, [randomIds(30)]))[0].loss;

const refused = [
  "opt with norms after and a narrow embedding, as opt-350m",
  "bloom with residuals behind the norms",
];
for (const [name, architecture] of Object.entries(architectures)) {
  if (refused.includes(name)) continue;
  Deno.test(`rotateModel() computes the same: ${name}`, async () => {
    const model = await randomModel(architecture);
    const before = await lossesOf(model);
    for (const seed of [0, 7]) {
      const rotated = rotateModel(model, { seed });
      assertFloatsClose(await lossesOf(rotated), before, 1e-5);
    }
    const [one, other] = await Promise.all(
      [0, 7].map((seed) => siteValues(rotateModel(model, { seed }), randomIds(5), "attn.input")),
    );
    assertNotEquals(one[0].values, other[0].values);
  });
}

Deno.test("rotateModel() computes the same where token follows token", async () => {
  const model = await randomModel(architectures["llama with four heads, which are mixed"]);
  const ids = randomIds(9);
  const scoresOf = async (each: Model) => {
    using open = await openModel(each);
    using empty = startCache(open);
    return tidy(() => {
      const { hidden, cache: first } = extend(open, empty, ids.subarray(0, 6));
      hidden.dispose();
      const { hidden: last, cache } = extend(open, first, ids.subarray(6));
      first[Symbol.dispose]();
      cache[Symbol.dispose]();
      return tensorData(logits(open, last)).slice();
    });
  };
  assertFloatsClose(await scoresOf(rotateModel(model, { seed: 3 })), await scoresOf(model), 1e-5);
});

Deno.test("rotateModel() rotates sites by Hadamard matrices, q and k alike", async () => {
  for (
    const [name, mixes] of [["llama", false], [
      "opt with twelve heads, which are mixed",
      true,
    ]] as const
  ) {
    const model = await randomModel(architectures[name]);
    const { heads, headDim, intermediateSize } = model.architecture;
    const rotated = rotateModel(model, { seed: 1 });
    const ofHead = (values: Float64Array) => rotateByHadamard(values, headDim);
    for (
      const [site, rotate] of [
        ["attn.q", ofHead],
        ["attn.k", ofHead],
        ["attn.v", ofHead],
        ["attn.output", (values) => {
          ofHead(values);
          if (mixes) rotateByHadamard(values, heads, headDim);
        }],
        ["mlp.hidden", (values) => rotateByHadamard(values, intermediateSize)],
      ] as [Parameters<typeof siteValues>[2], (values: Float64Array) => void][]
    ) {
      const before = await siteValues(model, randomIds(8), site);
      const after = await siteValues(rotated, randomIds(8), site);
      for (const [layer, { values }] of before.entries()) {
        const expected = Float64Array.from(values);
        rotate(expected);
        assertFloatsClose(after[layer].values, expected, 2e-5);
      }
    }
  }
});

Deno.test("rotateModel() says in the architecture which sites it rotates", async () => {
  const sitesOf = async (name: string) =>
    rotateModel(await randomModel(architectures[name]), { seed: 0 }).architecture.rotatedSites;
  assertEquals(await sitesOf("llama"), ["attn.q", "attn.k", "mlp.hidden"]);
  assertEquals(await sitesOf("bloom"), ["mlp.hidden"]);
  assertEquals(await sitesOf("bloom with four heads and a head of its own"), [
    "attn.output",
    "mlp.hidden",
  ]);
});

Deno.test("rotateModel() gives a model that no checkpoint of its family can hold", () =>
  withFolder(async (folder) => {
    const rotated = rotateModel(await randomModel(tinyArchitectures.llama), { seed: 0 });
    await assertRejects(
      () => saveModel(rotated, folder, "F32"),
      InputError,
      "normAffine of family llama must be true, got false",
    );
  }));

Deno.test("rotateModel() rotates blocks of any store as they are read", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const [resident, streamed] = await Promise.all(
      [undefined, 0].map((residentBytes) => loadModel(folder, { residentBytes })),
    );
    const before = await lossesOf(resident);
    const rotated = await lossesOf(rotateModel(streamed, { seed: 2 }));
    assertFloatsClose(rotated, before, 1e-5);
    assertEquals(await lossesOf(rotateModel(resident, { seed: 2 })), rotated);
    assertEquals(await lossesOf(resident), before);
  }));

Deno.test("rotationPass() rotates the model once for all passes", async () => {
  const model = await randomModel(tinyArchitectures.opt);
  const { model: rotated, sites } = await calibrate(
    unquantized(model),
    [rotationPass({ seed: 5 })],
    unread,
  );
  assertEquals(sites, [{}, {}]);
  assert(await rotated.source.layer(1) === await rotated.source.layer(1), "made twice");
  const { up } = await rotateModel(model, { seed: 5 }).source.layer(1);
  const made = (await rotated.source.layer(1)).up!;
  assertEquals(decodeMatrix(made.weight), decodeMatrix(up!.weight));
  assertFloatsClose(await lossesOf(rotated), await lossesOf(model), 1e-5);
});

for (
  const [changes, message] of [
    [{ normPlacement: "after" }, 'its norms must stand before attention and MLP, got "after"'],
    [{ normPlacement: "onStream" }, "its norms must stand before attention and MLP, got"],
    [{ embeddingSize: 16 }, "its embeddings must have 24 channels, got 16"],
    [{ finalNorm: false }, "a norm must stand before its head, as layer norms before its maps do"],
    [
      { hiddenSize: 18, embeddingSize: 18 },
      "there must be a Hadamard matrix for the size of its stream, got 18",
    ],
    [{ headDim: 6 }, "there must be a Hadamard matrix for the size of a head, got 6"],
    [
      { intermediateSize: 50 },
      "there must be a Hadamard matrix for the size of mlp.hidden, got 50",
    ],
  ] as [Partial<Architecture>, string][]
) {
  Deno.test(`rotateModel() refuses ${JSON.stringify(changes)}`, async () => {
    const model = await randomModel({ ...tinyArchitectures.opt, ...changes });
    const rotate = () => rotateModel({ ...model, name: "tiny" }, { seed: 0 });
    assertThrows(rotate, InputError, `Cannot rotate tiny: ${message}`);
  });
}

Deno.test("rotateModel() refuses a seed that is none", async () => {
  const model = await randomModel(tinyArchitectures.opt);
  const rule = "seed must be an integer in 0..4294967295, got -1";
  assertThrows(() => rotateModel(model, { seed: -1 }), InputError, rule);
});
