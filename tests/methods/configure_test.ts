import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { configure, floatCounts, type Method, type Pass } from "../../lib/methods/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import { families } from "../model/tiny_models.ts";

interface Settings {
  weights: { bits: number; group: number };
  activations: { bits: number; profile: string };
}

/** A method whose only pass tells what it was given. */
const echo: Method<Settings> = {
  passes: (settings, { family }): Pass[] => [{ name: family, settings }],
};

const settings: Settings = {
  weights: { bits: 3, group: 16 },
  activations: { bits: 6, profile: "paper" },
};

/** What a configured method's pass was given. */
function told(method: { passes(architecture: Architecture): Pass[] }): unknown {
  const [{ name, settings }] = method.passes(families.opt);
  assertEquals(name, "opt");
  return settings;
}

Deno.test("configure() gives passes their settings, and a label of bits", () => {
  const method = configure("Echo", echo, settings);
  assertEquals([method.title, method.settings], ["Echo", settings]);
  assertEquals(method.label, { weight: "INT3", activation: "INT6" });
  assertEquals(told(method), settings);
});

Deno.test("configure() takes the label of a method that has its own", () => {
  const label = { weight: "2.5 bits", activation: "FP16" };
  assertEquals(configure("Echo", { ...echo, label: () => label }, settings).label, label);
});

Deno.test("configure().with() changes some settings, the label with them, and leaves the method", () => {
  const method = configure("Echo", echo, settings);
  const changed = method.with({ weights: { bits: 2 }, activations: { profile: "released" } });
  const expected = {
    weights: { bits: 2, group: 16 },
    activations: { bits: 6, profile: "released" },
  };
  assertEquals([changed.title, changed.settings], ["Echo", expected]);
  assertEquals(told(changed), expected);
  assertEquals(changed.label, { weight: "INT2", activation: "INT6" });
  assertEquals([told(method), method.label.weight], [settings, "INT3"]);
  assertEquals(told(changed.with({})), expected);
});

Deno.test("configure().with() takes no settings of what the method does not quantize", () => {
  const weights: Method<Pick<Settings, "weights">> = {
    passes: (settings) => [{ name: "opt", settings }],
  };
  const method = configure("Weights", weights, { weights: settings.weights })
    .with({ activations: { bits: 8 } });
  assertEquals(told(method), { weights: settings.weights });
  assertEquals(method.label, { weight: "INT3", activation: "FP16" });
});

Deno.test("configure().takes() settings that the method has or may have, of parts that it quantizes", () => {
  const method = configure("Echo", { ...echo, optional: { weights: ["order"] } }, settings);
  assertEquals(["bits", "order", "none"].map((name) => method.takes("weights", name)), [
    ...[true, true, false],
  ]);
  assert(
    !configure("Keep", { passes: () => [], optional: { weights: ["order"] } }, {}).takes(
      "weights",
      "order",
    ),
  );
});

Deno.test("configure().with() takes settings that may be absent, and refuses what is none", () => {
  const method = configure("Echo", { ...echo, optional: { weights: ["order"] } }, settings);
  const ordered = method.with({ weights: { order: true } });
  assertEquals(ordered.settings.weights, { ...settings.weights, order: true } as { bits: number });
  const action = "Cannot change the settings of Echo";
  const refusals: [unknown, string][] = [
    [{ weights: { bit: 3 } }, 'those of weights are bits, group, order, got "bit"'],
    [{ activations: { toString: 3 } }, 'activations are bits, profile, got "toString"'],
    [
      { activation: { bits: 3 } },
      'they must be of weights, activations or rotation, got "activation"',
    ],
    [{ activations: { order: true } }, 'those of activations are bits, profile, got "order"'],
    [
      { weights: { bits: NaN } },
      "bits must be a number, a word, true or false, or an object, got NaN",
    ],
    [
      { weights: { bits: "3" } },
      'bits must be a number without quotes, or a word, got "3"',
    ],
    [
      { weights: { bits: [3] } },
      "bits must be a number, a word, true or false, or an object, got [3]",
    ],
    [
      { weights: { order: null } },
      "order must be a number, a word, true or false, or an object, got null",
    ],
    [{ weights: { bits: true } }, "bits must not be true or false, got true"],
    [
      { weights: { bits: { toString: null } } },
      'bits must be a number or a word, got {"toString":null}',
    ],
    [{ weights: "3" }, 'those of weights must be an object, got "3"'],
    [{ weights: null }, "those of weights must be an object, got null"],
    [null, "they must be an object, got null"],
  ];
  for (const [changes, rule] of refusals) {
    const error = assertThrows(() => method.with(changes as { weights: object }), InputError);
    assert(error.message.startsWith(action) && error.message.endsWith(rule), error.message);
  }
});

Deno.test("configure().with() takes no weights of a method that leaves them", () => {
  const activations: Method<Pick<Settings, "activations">> = {
    passes: (settings) => [{ name: "opt", settings }],
  };
  const method = configure("Activations", activations, { activations: settings.activations })
    .with({ weights: { bits: 2 } });
  assertEquals(told(method), { activations: settings.activations });
  assertEquals(method.label, { weight: "FP16", activation: "INT6" });
});

const allocating: Method<Settings> = {
  passes: (settings) => [{
    ...{ name: "opt", settings },
    quantizes: { "attn.input": "own steps", "attn.probs": "own steps" },
    quantize: () => ({}),
  }],
  allocates: { weights: [2, 4], activations: [3, 6] },
  siteBits: (bits) => ({ profile: `${bits} bits` }),
  counts: () => floatCounts,
};

Deno.test("configure().withSame() has the same bits for all, and what more the method says of sites", () => {
  const method = configure("Echo", allocating, settings);
  assertEquals(method.allocates, { weights: [2, 4], activations: [3, 6] });
  assertEquals(method.withSame("weights", 2).settings, {
    ...settings,
    weights: { bits: 2, group: 16 },
  });
  const allocation = Array(families.opt.layers).fill({ "attn.input": 3 });
  const allocated = method.with({ activations: { allocation } });
  assertEquals(allocated.settings.activations!.allocation, allocation);
  assertEquals(allocated.withSame("activations", 3).settings, {
    ...settings,
    activations: { bits: 3, profile: "3 bits" },
  });
  assertEquals(configure("Echo", echo, settings).allocates, { weights: [], activations: [] });
});

Deno.test("configure() tells the bits and counts of sites with an allocation", () => {
  const { layers } = families.opt;
  const method = configure("Echo", allocating, settings);
  const allocation = Array.from({ length: layers }, (_, layer) => ({
    "attn.input": layer === 0 ? 6 : 3,
  }));
  const allocated = method.with({ activations: { allocation } });
  assertEquals(allocated.label, { weight: "INT3", activation: "INT3-6 mixed" });
  assertEquals(method.counts(), floatCounts);
  assertEquals(allocated.counts(), { reason: "its sites have bits of their own" });
  const bits = allocated.activationBits(families.opt);
  assert(bits > 3 && bits < 16, `${bits}`);
});

Deno.test("configure().requireAllocations() and the passes refuse what is no allocation of the sites", () => {
  const { opt } = families;
  const method = configure("Echo", allocating, settings);
  const all = Array(opt.layers).fill({ "attn.input": 3 });
  method.with({ activations: { allocation: all } }).requireAllocations(opt, "try it");
  const refused: [unknown[], string][] = [
    [all.slice(1), `the allocation must be of ${opt.layers} layers, got ${opt.layers - 1}`],
    [all.with(0, {}), "bits of attn.input of layer 0 must be 3, 6, got null"],
    [all.with(0, { "attn.input": 4 }), "bits of attn.input of layer 0 must be 3, 6, got 4"],
    [
      all.with(1, { "attn.input": 3, "attn.probs": 3 }),
      'the sites of layer 1 are attn.input, got "attn.probs"',
    ],
  ];
  for (const [allocation, rule] of refused) {
    const changed = method.with({ activations: { allocation } });
    assertThrows(
      () => changed.requireAllocations(opt, "try it"),
      InputError,
      `Cannot try it: ${rule}`,
    );
    assertThrows(() => changed.passes(opt), InputError, `Cannot quantize with Echo: ${rule}`);
  }
});
