import {
  assert,
  assertEquals,
  assertNotEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { siteValues } from "../../lib/inspect/mod.ts";
import {
  calibrate,
  configure,
  keep,
  methods,
  type Pass,
  prepareModel,
  requireExecution,
  rotated,
  rotateModel,
  rotationPass,
  unquantized,
  Versions,
} from "../../lib/methods/mod.ts";
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
import { calibrationOf, unread } from "./support.ts";

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

Deno.test("rotated() lets the passes of a method see the rotated model", async () => {
  const model = await randomModel(tinyArchitectures.bloom);
  const seen: Float32Array[] = [];
  const looking = rotated({
    passes: (): Pass[] => [{
      name: "look",
      settings: {},
      observes: { "mlp.hidden": "values" },
      carries: "original",
      rewrite(layer, all) {
        seen.push(...all.values("mlp.hidden").windows);
        return layer;
      },
    }],
  });
  const method = configure("Looking", looking, { rotation: { seed: 0 } }).with({
    rotation: { seed: 4 },
  });
  await prepareModel(model, method, calibrationOf([randomIds(8)]));
  const expected = await siteValues(rotateModel(model, { seed: 4 }), randomIds(8), "mlp.hidden");
  assertEquals(seen, expected.map(({ values }) => values));
});

Deno.test("rotated() methods that agree in the rotation share the rotated weights", async () => {
  const model = await randomModel(tinyArchitectures.llama);
  const versions = new Versions();
  const plain = configure("Rotated", rotated(keep), { rotation: { seed: 0 } });
  const [one, same, other] = await Promise.all(
    [0, 0, 1].map(async (seed) =>
      (await prepareModel(model, plain.with({ rotation: { seed } }), unread, { versions })).model
    ),
  );
  assertStrictEquals(one.source, same.source);
  assertNotStrictEquals(one.source, other.source);
});

Deno.test("rotated() weights are no codes that are stored", () => {
  const method = configure("Rotated", rotated(keep), { rotation: { seed: 0 } });
  assertThrows(
    () =>
      requireExecution(method, tinyArchitectures.llama, { execute: "integer", storedCodes: true }),
    InputError,
    "Cannot execute Rotated in integers: it must leave weights as integer codes",
  );
});

for (const name of ["agileq-8-rotated", "agileq-4-rotated"] as const) {
  Deno.test(`methods: ${name} is the method without rotation behind one, in integers too`, async () => {
    const control = methods[name.replace("-rotated", "") as "agileq-8"];
    const own = methods[name];
    const { architecture } = await randomModel(tinyArchitectures.llama);
    const outline = (passes: Pass[]) => passes.map(({ name, settings }) => ({ name, settings }));
    assertEquals(
      outline(own.passes(architecture)).slice(1),
      outline(control.passes(architecture)),
    );
    const model = await randomModel(architectures["llama with four heads, which are mixed"]);
    const calibration = calibrationOf([randomIds(40, 1)]);
    const emulated = await prepareModel(model, own, calibration);
    const executed = await prepareModel(model, own, calibration, { execute: "integer" });
    const lossOf = async ({ model, forward }: typeof executed) =>
      (await scoreWindows(model, [randomIds(30)], forward))[0].loss;
    assertFloatsClose(await lossOf(executed), await lossOf(emulated), 0.02);
  });
}

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
