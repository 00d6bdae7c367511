import { assertEquals } from "@std/assert";
import { describeShortGroups, methods } from "../../lib/methods/mod.ts";
import { tinyArchitecture } from "../experiments/measure/tiny_folder.ts";

/** Rows of 576 and 1536 columns, as SmolLM2-135M has them. */
const architecture = {
  ...tinyArchitecture,
  ...{ hiddenSize: 576, embeddingSize: 576, intermediateSize: 1536 },
  ...{ heads: 9, keyValueHeads: 3, headDim: 64 },
};

const groupsOf = (method: keyof typeof methods, groupSize?: number) =>
  describeShortGroups(
    methods[method].with(groupSize ? { weights: { groupSize } } : {}).settings,
    architecture,
  );

Deno.test("describeShortGroups() has a line for each length of rows that groups do not divide", () => {
  assertEquals(groupsOf("gptq4"), ["rows of 576 columns end in a group of 64, not of 128"]);
  assertEquals(groupsOf("rtn4", 1000), [
    "rows of 576 columns are one group, not of 1000",
    "rows of 1536 columns end in a group of 536, not of 1000",
  ]);
});

Deno.test("describeShortGroups() says nothing of groups that are alike, or are whole rows", () => {
  for (const method of ["fp16", "rtn4", "spqr4", "mxfp4", "agileq-8-activations"] as const) {
    assertEquals(groupsOf(method), []);
  }
  assertEquals(groupsOf("gptq4", 576), ["rows of 1536 columns end in a group of 384, not of 576"]);
  assertEquals(groupsOf("gptq4", 192), []);
});
