import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix, floatMatrix, type Profile, type UniformGrid } from "../../lib/format/mod.ts";
import { takeRows } from "../../lib/linear/mod.ts";
import {
  agileQScheme,
  sitePasses,
  type SiteQuantizers,
  type SiteScheme,
  siteWidth,
} from "../../lib/methods/mod.ts";
import {
  atSites,
  forward,
  initializeModel,
  type LowerTokens,
  type Model,
  openModel,
  type SiteName,
} from "../../lib/model/mod.ts";
import { observeRange, searchTrip, uniformGrid } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel, withModule } from "../eval/tiny_models.ts";
import { quantizeSites, run, valuesAtSites } from "./support.ts";

const windows = [1, 2, 3].map((seed) => randomIds(24, seed));
const laterSites = ["attn.output", "mlp.input", "mlp.hidden"];

/** Runs a test on each tiny model and on one whose four query heads share two key/value heads. */
const subjects: [name: string, run: (test: (model: Model) => Promise<void>) => Promise<void>][] = [
  ...tinyModels.map((name): typeof subjects[number] => [name, (test) => withModel(name, test)]),
  ["grouped queries", (test) =>
    withModel("llama", async ({ architecture }) => {
      const grouped = { ...architecture, layers: 2, keyValueHeads: 2 };
      await test(await initializeModel("grouped", grouped, 1));
    })],
];

function eightBits(profile: Profile, { architecture }: Model): SiteScheme {
  return agileQScheme({ bits: 8, profile }, architecture);
}

type Grids = Partial<Record<SiteName, UniformGrid>>;

/** The grids of all blocks, those of the least important tokens in the place of the others' if told. */
function gridsOf(layers: readonly SiteQuantizers[], which: "grid" | "lowerGrid" = "grid"): Grids[] {
  return layers.map((quantizers) => {
    const grids = Object.entries(quantizers).map(([site, own]) => [site, own[which]]);
    return Object.fromEntries(grids.filter(([, grid]) => grid !== undefined));
  });
}

/** The grids of a scheme. */
async function calibrated(
  model: Model,
  scheme: SiteScheme,
  options?: Parameters<typeof quantizeSites>[3],
): Promise<Grids[]> {
  return gridsOf((await quantizeSites(model, scheme, windows, options)).sites);
}

/** Least and greatest value of each group of channels: element i belongs to `groupOf(i % width)`. */
function extremes(parts: Float32Array[], width: number, groups: number) {
  const min = new Array<number>(groups).fill(Infinity);
  const max = new Array<number>(groups).fill(-Infinity);
  for (const part of parts) {
    part.forEach((value, i) => {
      const group = Math.floor((i % width) / (width / groups));
      min[group] = Math.min(min[group], value);
      max[group] = Math.max(max[group], value);
    });
  }
  return { min, max };
}

/** How wide a site is, and over how many heads. */
function widthOf({ architecture: a }: Model, site: SiteName): { width: number; heads: number } {
  const keyOrValue = ["attn.k", "attn.v", "attn.kBeforeRotary"].includes(site);
  const heads = keyOrValue ? a.keyValueHeads : a.heads;
  const width = site === "mlp.hidden"
    ? a.intermediateSize
    : site === "attn.input" || site === "mlp.input"
    ? a.hiddenSize
    : heads * a.headDim;
  return { width, heads };
}

for (const [name, test] of subjects) {
  Deno.test(`sitePasses() take ranges over all windows, profile paper: ${name}`, () =>
    test(async (model) => {
      const grids = await calibrated(model, eightBits("paper", model));
      const seen = await valuesAtSites(model, windows);
      assertEquals(grids.length, model.architecture.layers);
      grids.forEach((sites, layer) => {
        assertEquals(Object.keys(sites).sort(), [
          "attn.input",
          "attn.k",
          "attn.output",
          "attn.q",
          "attn.v",
          "mlp.hidden",
          "mlp.input",
        ]);
        for (const [site, found] of Object.entries(sites)) {
          const { width } = widthOf(model, site as SiteName);
          const values = seen.get(`${site} of layer ${layer}`)!;
          const { min: [min], max: [max] } = extremes(values, width, 1);
          const whole = Math.fround(
            Math.fround(Math.fround(Math.max(max, 0)) - Math.min(min, 0)) / 255,
          );
          assertEquals([found.bits, found.codeMin, found.codeMax], [8, 0, 255]);
          if (site === "attn.output") {
            assertEquals(found.scale, Float32Array.of(whole));
            continue;
          }
          assertEquals(found.scale.length, width);
          for (const scale of found.scale) {
            assert([1, 2, 4, 8].includes(whole / scale), `${site}: ${scale} of ${whole}`);
          }
          assertEquals(new Set(found.zeroPoint).size, 1);
        }
      });
    }));

  Deno.test(`sitePasses() take ranges over all windows, profile released: ${name}`, () =>
    test(async (model) => {
      const grids = await calibrated(model, eightBits("released", model));
      const seen = await valuesAtSites(model, windows);
      const suffix = model.architecture.positions.kind === "rotary" ? "BeforeRotary" : "";
      const perHead = [`attn.q${suffix}`, `attn.k${suffix}`, "attn.v"];
      assertEquals(grids.length, model.architecture.layers);
      grids.forEach((sites, layer) => {
        const perChannel = ["attn.input", "attn.output", "mlp.input", "mlp.hidden"];
        assertEquals(Object.keys(sites).sort(), [...perHead, ...perChannel].sort());
        for (const [site, found] of Object.entries(sites)) {
          const { width, heads } = widthOf(model, site as SiteName);
          const groups = perHead.includes(site) ? heads : width;
          const values = seen.get(`${site} of layer ${layer}`)!;
          const { min, max } = extremes(values, width, groups);
          const expected = min.map((least, i) => Math.max(-least, max[i]) / 127.5);
          assertEquals(
            found.scale,
            Float32Array.from(expected, (scale) => Math.max(scale, 2 ** -23)),
          );
          assertEquals(found.inner, width / groups);
          assertEquals(new Set(found.zeroPoint), new Set([0]));
          assertEquals([found.bits, found.codeMin, found.codeMax], [8, -128, 127]);
        }
      });
    }));
}

Deno.test("sitePasses() search TRIP's alpha over the tokens of all windows", () =>
  withModel("llama", async (model) => {
    const scheme: SiteScheme = {
      profile: "paper",
      sites: { "mlp.hidden": { kind: "trip", bits: 6, K: 4 } },
    };
    const grids = await calibrated(model, scheme);
    const parts = (await valuesAtSites(model, windows)).get("mlp.hidden of layer 1")!;
    const whole = Float32Array.from(parts.flatMap((part) => [...part]));
    const options = { channels: model.architecture.intermediateSize, bits: 6, K: 4 };
    assertEquals(grids[1]["mlp.hidden"]!, searchTrip(whole, options));
    const last = searchTrip(parts[2], options);
    assert(last.scale.some((scale, i) => scale !== grids[1]["mlp.hidden"]!.scale[i]));
    const reversed = await run(model, sitePasses(scheme), windows.toReversed());
    const other = gridsOf(reversed.sites)[1]["mlp.hidden"]!;
    assertEquals(other.scale, grids[1]["mlp.hidden"]!.scale);
  }));

Deno.test("sitePasses() see the survivors alone once tokens are pruned", () =>
  withModel("opt-pre", async (model) => {
    await useBackend("agile", { native: false }); // what looks at maps changes no bit there
    const scheme = eightBits("released", model);
    const grids = await calibrated(model, scheme, { pruning });
    const seen = await valuesAtSites(model, windows, { pruning });
    assertEquals(seen.get("attn.output of layer 0")![0].length, 24 * 64);
    assertEquals(seen.get("mlp.input of layer 0")![0].length, 12 * 64);
    assertEquals(seen.get("mlp.input of layer 1")![0].length, 8 * 64);
    for (
      const [layer, site] of [
        [0, "attn.output"],
        [0, "mlp.input"],
        [1, "attn.input"],
        [1, "mlp.input"],
        [2, "attn.output"],
      ] as const
    ) {
      const { min, max } = extremes(seen.get(`${site} of layer ${layer}`)!, 64, 64);
      const expected = min.map((least, i) => Math.max(-least, max[i]) / 127.5);
      assertEquals(grids[layer][site]!.scale, Float32Array.from(expected));
    }
    const dense = await calibrated(model, scheme);
    assertEquals(grids[0]["attn.output"], dense[0]["attn.output"]);
    const narrower = grids[0]["mlp.input"]!.scale.map((scale, i) =>
      scale - dense[0]["mlp.input"]!.scale[i]
    );
    assert(Math.max(...narrower) <= 0 && Math.min(...narrower) < 0);
    await useBackend("agile");
  }));

/** The scheme of AgileQ-4/8, and the grids of the least important tokens. */
async function lowerGrids(
  model: Model,
  profile: Profile,
  lower: LowerTokens,
  options?: Parameters<typeof quantizeSites>[3],
): Promise<Grids[]> {
  const scheme = agileQScheme({ bits: 8, profile, lower }, model.architecture);
  return gridsOf((await quantizeSites(model, scheme, windows, options)).sites, "lowerGrid");
}

/** The grids of four bits that see all tokens. */
function fourBits(model: Model, profile: Profile): Promise<Grids[]> {
  const { sites } = agileQScheme({ bits: 4, profile }, model.architecture);
  const later = Object.entries(sites).filter(([site]) => laterSites.includes(site));
  return calibrated(model, { profile, sites: Object.fromEntries(later) });
}

for (const prune of [undefined, pruning]) {
  const how = prune ? "pruned" : "whole";
  Deno.test(`sitePasses() look at the chosen tokens alone, profile paper, ${how}`, () =>
    withModel("llama", async (model) => {
      const lower = { share: [0.5, 0.2, 0.1], inherited: true };
      const seen: number[][] = [[], [], []];
      const hook = atSites(["attn.output"], (value, { layer, lower }) => {
        seen[layer].push(...tensorData(takeRows(value as tf.Tensor2D, lower!)));
        return value;
      });
      {
        using open = await openModel(model);
        for (const window of windows) {
          tidy(() => void forward(open, window, { hook, lower, pruning: prune }));
        }
      }
      const grids = await lowerGrids(model, "paper", lower, { pruning: prune });
      assertEquals(grids.length, 3);
      grids.forEach((sites, layer) => {
        assertEquals(Object.keys(sites).sort(), [...laterSites].sort());
        const values = seen[layer];
        const { scale, codeMin, codeMax } = sites["attn.output"]!;
        assertEquals(codeMax - codeMin, 15);
        const range = Math.fround(Math.max(...values, 0)) - Math.fround(Math.min(...values, 0));
        assertEquals(scale, Float32Array.of(Math.fround(range) / 15));
      });
    }));
}

Deno.test("sitePasses() look at all tokens where none is chosen", () =>
  withModel("llama", async (model) => {
    const lower = { share: [0.5, 0, 0.01], inherited: false };
    const these = await lowerGrids(model, "paper", lower);
    const all = await fourBits(model, "paper");
    assertEquals(these.slice(1), all.slice(1));
    assertNotEquals(these[0], all[0]);
  }));

Deno.test("sitePasses() calibrate four bits on the least important tokens, profile released on all", () =>
  withModel("bloom", async (model) => {
    const lower = { share: 0.5, inherited: false };
    for (const profile of ["paper", "released"] as const) {
      const [own, all] = [
        await lowerGrids(model, profile, lower),
        await fourBits(model, profile),
      ];
      if (profile === "released") assertEquals(own, all);
      else assertNotEquals(own, all);
    }
  }));

Deno.test("sitePasses() say which sites they quantize, and whether their channels share a step", () => {
  const [all, least] = sitePasses({
    profile: "paper",
    sites: {
      "attn.input": { kind: "trip", bits: 8, K: 3 },
      "attn.v": { kind: "uniform", bits: 8, signed: true, granularity: "head" },
      "attn.probs": { kind: "log2", bits: 4, profile: "released" },
      "mlp.input": { kind: "uniform", bits: 8, signed: false, granularity: "tensor" },
      "mlp.hidden": { kind: "uniform", bits: 8, signed: false, granularity: "channel" },
    },
    lower: {
      ...{ share: 0.5, inherited: false, calibratedOn: "these" },
      sites: { "mlp.input": { kind: "trip", bits: 4, K: 3 } },
    },
  });
  assertEquals(all.quantizes, {
    "attn.input": "shared steps",
    "attn.v": "own steps",
    "mlp.input": "shared steps",
    "mlp.hidden": "own steps",
  });
  assertEquals(all.observes, {
    "attn.input": { trip: { bits: 8, K: 3, profile: "paper" } },
    "attn.v": "channelRange",
    "mlp.input": "range",
    "mlp.hidden": "channelRange",
  });
  assertEquals([all.lower, all.sees], [undefined, undefined]);
  assertEquals(least.observes, { "mlp.input": { trip: { bits: 4, K: 3, profile: "paper" } } });
  assertEquals([least.lower, least.sees], [{ share: 0.5, inherited: false }, "lower"]);
});

Deno.test("sitePasses() leave first tokens out of the steps of others, and give them their own", () =>
  withModel("llama", async (model) => {
    const sites: SiteScheme["sites"] = {
      "attn.input": { kind: "trip", bits: 8, K: 3 },
      "attn.probs": { kind: "log2", bits: 4, profile: "released" },
      "mlp.hidden": { kind: "uniform", bits: 8, signed: false, granularity: "tensor" },
    };
    const scheme: SiteScheme = { profile: "paper", sites, firstApart: true };
    const [others, first] = sitePasses(scheme);
    assertEquals([others.sees, first.sees], ["behind first", "first"]);
    assertEquals(Object.keys(first.quantizes!), ["attn.input", "mlp.hidden"]);
    const found = await quantizeSites(model, scheme, windows);
    assertEquals(found.sites[0]["attn.probs"]?.firstGrid, undefined);
    const seen = new Map<string, number[][]>();
    using open = await openModel(model);
    for (const window of windows) {
      const hook = atSites(["attn.input", "mlp.hidden"], (value, { site, layer, first }) => {
        assertEquals(first, Int32Array.of(0));
        const channels = value.shape.at(-1)!;
        const [own, rest] = seen.get(`${site} ${layer}`) ?? [[], []];
        own.push(...tensorData(value).subarray(0, channels));
        rest.push(...tensorData(value).subarray(channels));
        seen.set(`${site} ${layer}`, [own, rest]);
        return value;
      });
      tidy(() => void forward(open, window, { hook }));
    }
    for (const [layer, quantizers] of found.sites.entries()) {
      for (const site of ["attn.input", "mlp.hidden"] as const) {
        const { grid, firstGrid } = quantizers[site]!;
        const channels = siteWidth(site, model.architecture);
        for (const [place, own] of [firstGrid!, grid!].entries()) {
          const values = Float32Array.from(seen.get(`${site} ${layer}`)![place]);
          const format = { bits: 8, channels, name: site };
          const expected = site === "attn.input"
            ? searchTrip(values, { ...format, K: 3, profile: "paper" })
            : uniformGrid(observeRange(values, { ...format, granularity: "tensor" }), {
              ...{ bits: 8, signed: false, profile: "paper" },
            });
          assertEquals([...own.scale], [...expected.scale], `${site} of layer ${layer}`);
        }
      }
    }
  }));

Deno.test("sitePasses() refuse tokens that are apart for two reasons", () => {
  const sites: SiteScheme["sites"] = { "mlp.input": { kind: "trip", bits: 8, K: 3 } };
  const lower = { share: 0.5, inherited: false, calibratedOn: "these" as const, sites: {} };
  assertThrows(
    () => sitePasses({ profile: "paper", sites, lower, firstApart: true }),
    InputError,
    "Cannot quantize activations: the first token must not be apart where tokens are by their importance",
  );
});

Deno.test("sitePasses() ask for no windows where nothing is to be calibrated", () => {
  const sites = { "attn.probs": { kind: "log2", bits: 4, profile: "paper" } } as const;
  assertEquals(sitePasses({ profile: "paper", sites })[0].observes, undefined);
  const token = { kind: "token", bits: 8, signed: false } as const;
  const lower = {
    ...{ share: 0.5, inherited: false, calibratedOn: "these" as const },
    sites: { "mlp.input": { ...token, bits: 4 } },
  };
  const passes = sitePasses({ profile: "paper", sites: { ...sites, "mlp.input": token }, lower });
  for (const { observes, quantizes } of passes) {
    assertEquals([observes, quantizes], [undefined, { "mlp.input": "own steps" }]);
  }
});

Deno.test("sitePasses() give tokens grids of their own, in four bits to the least important", () =>
  withModel("llama", async (model) => {
    const token = { kind: "token", bits: 8, signed: false } as const;
    const { sites: [{ "mlp.input": quantizer }] } = await quantizeSites(model, {
      profile: "paper",
      sites: { "mlp.input": token },
      lower: {
        ...{ share: 0.5, inherited: false, calibratedOn: "these" },
        sites: { "mlp.input": { ...token, bits: 4 } },
      },
    }, []);
    tidy(() => {
      const value = tf.tensor2d([0, 15, 7.2, 0, 150, 72], [2, 3]);
      const visit = { site: "mlp.input", layer: 0, window: 0, lower: Int32Array.of(1) } as const;
      const [first, second] = [[0, 15, 7.2], [0, 150, 70]];
      const output = tensorData(quantizer!.apply(value, visit));
      first.forEach((x, i) => assertAlmostEquals(output[i], x, 0.03));
      assertEquals([...output.subarray(3)], second);
    });
  }));

Deno.test("sitePasses() refuse no windows and sites that the model has not", () =>
  withModel("opt-pre", async (model) => {
    await assertRejects(
      () => quantizeSites(model, eightBits("paper", model), []),
      InputError,
      "Cannot calibrate opt-pre: there must be at least one calibration window",
    );
    const sites = { "attn.qBeforeRotary": { kind: "trip", bits: 8, K: 3 } } as const;
    await assertRejects(
      () => calibrated(model, { profile: "paper", sites }),
      InputError,
      "Cannot calibrate opt-pre: its blocks must have attn.qBeforeRotary",
    );
  }));

Deno.test("sitePasses() name the site that is not finite", () =>
  withModel("llama", async (model) => {
    const broken = await withModule(model, 1, "up", ({ weight }) => {
      const values = decodeMatrix(weight).map((value) => value * Infinity);
      return { weight: floatMatrix("F32", values, weight.rows, weight.columns) };
    });
    for (const profile of ["paper", "released"] as const) {
      await assertRejects(
        () => calibrated(broken, eightBits(profile, model)),
        InputError,
        "Cannot quantize mlp.hidden of layer 1: element 0 must be finite",
      );
    }
  }));

Deno.test("sitePasses() refuses a site of the least important tokens alone", () => {
  const format = { kind: "uniform", bits: 8, signed: false, granularity: "tensor" } as const;
  const scheme: SiteScheme = {
    profile: "paper",
    sites: { "mlp.input": format },
    lower: {
      ...{ share: 0.5, inherited: false, calibratedOn: "all" },
      sites: { "mlp.input": format, "mlp.hidden": { ...format, bits: 4 } },
    },
  };
  assertThrows(
    () => sitePasses(scheme),
    InputError,
    "Cannot quantize tokens by importance: its sites must be among those of all tokens, " +
      'got "mlp.hidden"',
  );
});
