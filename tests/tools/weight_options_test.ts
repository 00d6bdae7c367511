import { assert, assertEquals, assertThrows } from "@std/assert";
import { Command } from "commander";
import { bundledModels } from "../../experiments/measure/bundled.ts";
import { InputError } from "../../lib/core/mod.ts";
import { methodOf, methods } from "../../lib/methods/mod.ts";
import {
  addWeightOptions,
  changeProfile,
  changeWeights,
  secondQuantization,
  shortGroups,
  type WeightOptions,
} from "../../tools/weight_options.ts";

/** What these arguments make of a method's settings. */
function changed(method: string, ...args: string[]) {
  const program = addWeightOptions(new Command().exitOverride());
  const options = program.parse(args, { from: "user" }).opts<WeightOptions>();
  return changeWeights(methodOf(method), method, options).settings;
}

Deno.test("changeWeights() leaves a method alone whose options are not given", () => {
  for (const name of ["fp16", "rtn4", "gptq4", "agileq-8"]) {
    assertEquals(changed(name), methodOf(name).settings);
  }
});

Deno.test("changeWeights() changes every setting of GPTQ, and nothing else", () => {
  const flags = ["--bits", "3", "--group-size", "64", "--symmetric", "--no-act-order"];
  assertEquals(changed("agileq-8", ...flags, "--damping", "0.1"), {
    weights: {
      ...{ bits: 3, groupSize: 64, symmetric: true, actOrder: false },
      ...{ blockSize: 128, percdamp: 0.1 },
    },
    activations: { bits: 8, profile: "paper" },
  });
});

Deno.test("changeWeights() changes the settings that RTN has", () => {
  assertEquals(changed("rtn4", "--bits", "8", "--group-size", "row", "--no-symmetric"), {
    weights: { bits: 8, groupSize: "row", symmetric: false, range: "minmax" },
  });
});

Deno.test("changeWeights() rounds the scales of every method that has such, and refuses others", () => {
  const rounded = Object.keys(methods).filter((name) => {
    const method = methodOf(name);
    if (!method.takes("weights", "scaleDtype")) {
      const rule = `Cannot read the command line: --scales is no setting of ${name}`;
      assertThrows(() => changed(name, "--scales", "F16"), InputError, rule);
      return false;
    }
    const { weights } = method.settings;
    assertEquals(changed(name, "--scales", "F16").weights, { ...weights, scaleDtype: "F16" });
    return true;
  });
  for (const name of ["rtn4", "gptq4", "awq4", "smoothquant", "llm-int8", "zeroquant-v2"]) {
    assert(rounded.includes(name), name);
  }
  for (const name of ["fp16", "spqr4"]) assert(!rounded.includes(name), name);
});

for (
  const [method, ...args] of [
    ["fp16", "--bits", "4"],
    ["agileq-8-activations", "--scales", "F16"],
    ["fp16", "--symmetric"],
    ["rtn4", "--act-order"],
    ["rtn4", "--no-act-order"],
    ["rtn4", "--damping", "0.1"],
  ]
) {
  Deno.test(`changeWeights() refuses ${args.join(" ")} of ${method}`, () => {
    const flag = args[0].replace("--no-", "--");
    const message = `Cannot read the command line: ${flag} is no setting of ${method}`;
    assertThrows(() => changed(method, ...args), InputError, message);
  });
}

Deno.test("secondQuantization() warns where a method rounds what is rounded already", () => {
  const said = (method: string, ...forms: string[]) =>
    secondQuantization(methodOf(method), method, "DIR", { forms });
  assertEquals(said("rtn4", "GPTQ 4 bits", "F16"), [
    "The weights of DIR are stored as GPTQ 4 bits: rtn4 quantizes them a second time.",
  ]);
  assertEquals(said("agileq-8", "Q4_1", "Q6_K").length, 1);
  for (const float of ["F16", "BF16", "F32", "F64"]) assertEquals(said("gptq4", float), []);
  for (const method of ["fp16", "agileq-8-activations"]) assertEquals(said(method, "Q4_1"), []);
});

Deno.test("shortGroups() names the method whose groups do not fit", () => {
  const { architecture } = bundledModels.llama;
  assertEquals(shortGroups(methodOf("gptq4"), "gptq4", architecture), [
    "gptq4: rows of 352 columns end in a group of 96, not of 128.",
  ]);
  assertEquals(shortGroups(methodOf("rtn4"), "rtn4", architecture), []);
});

Deno.test("changeProfile() changes the reading of the activation quantizers, and nothing else", () => {
  const { weights, activations } = methodOf("agileq-8-eq3").settings;
  const method = methodOf("agileq-8-eq3");
  assertEquals(changeProfile(method, "agileq-8-eq3").settings, method.settings);
  assertEquals(changeProfile(method, "agileq-8-eq3", "released").settings, {
    weights,
    activations: { ...activations!, profile: "released" },
  });
});

Deno.test("changeProfile() refuses a reading of methods that have one alone", () => {
  for (const name of ["fp16", "gptq4", "smoothquant"]) {
    assertEquals(changeProfile(methodOf(name), name).settings, methodOf(name).settings);
    assertThrows(
      () => changeProfile(methodOf(name), name, "released"),
      InputError,
      `Cannot read the command line: --profile is no setting of ${name}`,
    );
  }
});

Deno.test("addWeightOptions() refuses values out of range", () => {
  const refused = (rule: string, ...args: string[]) =>
    assertThrows(() => changed("gptq4", ...args), InputError, rule);
  refused('--bits must be an integer in 2..8, got "9"', "--bits", "9");
  refused('--group-size must be an integer of 1 or more, got "0"', "--group-size", "0");
  refused('--damping must be a number of 0 or more, got "-1"', "--damping", "-1");
});
