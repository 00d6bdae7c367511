import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { scoreWindows } from "../../lib/eval/mod.ts";
import type { Profile } from "../../lib/format/mod.ts";
import {
  agileQ,
  type AgileQActivations,
  agileQScheme,
  configure,
  gptqPasses,
  prepareModel,
  type SiteFormat,
  sitePasses,
} from "../../lib/methods/mod.ts";
import { atSites, chainHooks } from "../../lib/model/mod.ts";
import { tinyModels, withModel } from "../eval/tiny_models.ts";
import { families } from "../model/tiny_models.ts";
import golden from "../golden/methods/agileq48.json" with { type: "json" };

const profiles: Profile[] = ["paper", "released"];

/** One word for what is done at a site. */
function describe(format: SiteFormat): string {
  switch (format.kind) {
    case "log2":
      return `log2 ${format.bits} ${format.profile}`;
    case "trip":
      return `trip ${format.bits} K ${format.K}`;
    case "token":
      return `${format.signed ? "int" : "uint"}${format.bits} per token`;
    case "uniform":
      return `${format.signed ? "int" : "uint"}${format.bits} per ${format.granularity}`;
  }
}

const [trip, log2] = ["trip 8 K 3", "log2 4 released"];
const [perChannel, perHead] = ["int8 per channel", "int8 per head"];

for (const name of tinyModels) {
  Deno.test(`agileQScheme() of eight bits quantizes the sites of figure 3: ${name}`, () =>
    withModel(name, ({ architecture }) => {
      const described = (profile: Profile) => {
        const scheme = agileQScheme({ bits: 8, profile }, architecture);
        assertEquals([scheme.profile, scheme.lower], [profile, undefined]);
        const sites = Object.entries(scheme.sites);
        return Object.fromEntries(sites.map(([site, format]) => [site, describe(format)]));
      };
      assertEquals(described("paper"), {
        "attn.input": trip,
        "attn.q": trip,
        "attn.k": trip,
        "attn.v": trip,
        "attn.probs": log2,
        "attn.output": "uint8 per tensor",
        "mlp.input": trip,
        "mlp.hidden": trip,
      });
      const rotation = name === "llama" ? "BeforeRotary" : "";
      assertEquals(described("released"), {
        "attn.input": perChannel,
        [`attn.q${rotation}`]: perHead,
        [`attn.k${rotation}`]: perHead,
        "attn.v": perHead,
        "attn.probs": log2,
        "attn.output": perChannel,
        "mlp.input": perChannel,
        "mlp.hidden": perChannel,
      });
      const printed: AgileQActivations = { bits: 8, profile: "paper", softmax: "paper" };
      const { "attn.probs": probabilities } = agileQScheme(printed, architecture).sites;
      assertEquals(describe(probabilities!), "log2 4 paper");
    }));
}

for (const name of tinyModels) {
  Deno.test(`agileQScheme() takes other bits of the softmax, another K, and steps of each token: ${name}`, () =>
    withModel(name, ({ architecture }) => {
      const described = (change: Partial<AgileQActivations>) => {
        const settings: AgileQActivations = { bits: 8, profile: "paper", ...change };
        return Object.values(agileQScheme(settings, architecture).sites).map(describe);
      };
      const usual = described({});
      assertEquals(described({ softmaxBits: 4, K: 3, steps: "calibrated" }), usual);
      const changed = (from: string, to: string) => usual.map((each) => each === from ? to : each);
      assertEquals(described({ softmaxBits: 6 }), changed(log2, "log2 6 released"));
      const printed = changed(log2, "log2 2 paper");
      assertEquals(described({ softmaxBits: 2, softmax: "paper" }), printed);
      assertEquals(described({ K: 0 }), changed(trip, "trip 8 K 0"));
      const tokens = (type: string) =>
        usual.map((each) => each === log2 ? log2 : `${type} per token`);
      assertEquals(described({ steps: "token" }), tokens("uint8"));
      assertEquals(described({ steps: "token", profile: "released" }), tokens("int8"));
    }));
}

const later = ["attn.output", "mlp.input", "mlp.hidden"];

for (const name of tinyModels) {
  Deno.test(`agileQScheme() takes four bits after the softmax, for all tokens or the least important: ${name}`, () =>
    withModel(name, ({ architecture }) => {
      for (const profile of profiles) {
        const eight = agileQScheme({ bits: 8, profile }, architecture);
        const four = agileQScheme({ bits: 4, profile }, architecture);
        const sites = Object.entries(eight.sites).map(([site, format]) => [
          site,
          later.includes(site) ? { ...format, bits: 4 } : format,
        ]);
        assertEquals(four, { profile, sites: Object.fromEntries(sites) });
        const least = Object.fromEntries(sites.filter(([site]) => later.includes(site as string)));
        const calibratedOn = profile === "released" ? "all" : "these";
        for (
          const tokens of [
            { share: 0.25, inherited: false },
            { share: [0, 0.5, 0.1], inherited: true },
          ]
        ) {
          const mixed = agileQScheme({ bits: 8, profile, lower: tokens }, architecture);
          assertEquals(mixed, { ...eight, lower: { ...tokens, calibratedOn, sites: least } });
        }
      }
    }));
}

const weights = { bits: 4, groupSize: 128, actOrder: true, symmetric: false } as const;

Deno.test("agileQ is GPTQ's passes, and then those of its activations", () =>
  withModel("llama", ({ architecture }) => {
    const activations: AgileQActivations = { bits: 8, profile: "paper" };
    const outline = (chosen: AgileQActivations) =>
      agileQ.passes({ weights, activations: chosen }, architecture)
        .map(({ name, settings }) => ({ name, settings }));
    const gptq = gptqPasses(weights).map(({ name, settings }) => ({ name, settings }));
    const { profile, sites } = agileQScheme(activations, architecture);
    const all = { name: "activations", settings: { profile, sites } };
    assertEquals(outline(activations), [...gptq, all]);
    const mixed = { ...activations, lower: { share: 0.5, inherited: false } };
    const { lower } = agileQScheme(mixed, architecture);
    const least = { name: "activations", settings: { profile, lower } };
    assertEquals(outline(mixed), [...gptq, all, least]);
  }));

Deno.test("agileQ labels weights and activations by their bits", () => {
  const label = (activations: AgileQActivations) => agileQ.label!({ weights, activations });
  assertEquals(label({ bits: 8, profile: "paper" }), { weight: "INT4", activation: "INT8" });
  assertEquals(label({ bits: 4, profile: "paper" }), { weight: "INT4", activation: "INT4" });
  const lower = { share: 0.5, inherited: false };
  const mixed = label({ bits: 8, profile: "paper", lower });
  assertEquals(mixed, { weight: "INT4", activation: "INT4, INT8" });
});

const released = (seed: number) =>
  Int32Array.from({ length: 40 }, (_, i) => (17 * i * i + 31 * i * seed + 101 * seed) % 512);

for (const { name, lower, inherited, prune, ...expected } of golden.cases) {
  Deno.test(`agileQScheme() with tokens by importance equals the released code: ${name}`, () =>
    withModel("llama", async (model) => {
      const method = configure("activations of AgileQ-4/8", {
        passes: ({ activations }: { activations: AgileQActivations }, architecture) =>
          sitePasses(agileQScheme(activations, architecture)),
      }, { activations: { bits: 8, profile: "released", lower: { share: lower, inherited } } });
      const ratios = new Map(prune.map((ratio, layer) => [layer, ratio]));
      const pruning = { ratios, importance: "startToken", positions: "renumber" } as const;
      const activationWindows = golden.calibration.map(released);
      const calibration = () => ({ weightWindows: [], activationWindows });
      const { model: same, forward } = await prepareModel(model, method, calibration, { pruning });
      assert(same === model);
      const told: number[][] = [];
      const look = atSites(["attn.output"], (value, { layer, lower }) => {
        told[layer] = [...lower!];
        return value;
      });
      const [{ loss, survived }] = await scoreWindows(model, [released(golden.window)], {
        ...forward,
        hook: chainHooks(forward.hook!, look),
      });
      assertEquals(told, expected.lowered);
      const scored = [...survived.keys()].filter((position) => survived[position]);
      assertEquals(scored, expected.scored);
      // Where an activation lies between two codes, the rounding of a sum decides about its token.
      const off = scored.filter((position, i) =>
        Math.abs(loss[position] - expected.loss[i]) > 5e-6
      );
      assert(off.length <= 1, `the losses at ${off} differ`);
    }));
}

Deno.test("agileQScheme() refuses readings and shares of tokens that there are not", () => {
  const rule =
    "lower must have a share in [0, 1), or one of each layer, and inherited, true or false";
  const refusals: [Record<string, unknown>, string][] = [
    [{ profile: "papr" }, 'profile must be paper or released, got "papr"'],
    [{ profile: null }, "profile must be paper or released, got null"],
    [{ steps: "channel" }, 'steps must be calibrated or token, got "channel"'],
    [{ firstToken: "alone" }, 'firstToken must be shared or apart, got "alone"'],
    ...[{ steps: "token" }, { lower: { share: 0.5, inherited: false } }].map(
      (other): [Record<string, unknown>, string] => [
        { firstToken: "apart", ...other },
        'firstToken must be shared where tokens are lower, or each has steps of its own, got "apart"',
      ],
    ),
    [
      { firstToken: "apart", profile: "released" },
      "the first token must not be apart in profile released, whose channels have a range each",
    ],
    [{ softmax: "toString" }, 'softmax must be paper or released, got "toString"'],
    ...[true, null, { share: 1, inherited: true }, { share: 0.5 }, {
      share: ["1"],
      inherited: true,
    }]
      .map((lower): [Record<string, unknown>, string] => [
        { lower },
        `${rule}, got ${JSON.stringify(lower)}`,
      ]),
  ];
  for (const [changes, message] of refusals) {
    const activations = { bits: 8, profile: "paper", ...changes } as AgileQActivations;
    const scheme = () => agileQScheme(activations, families.opt);
    assertThrows(scheme, InputError, `Cannot quantize activations: ${message}`);
  }
});
