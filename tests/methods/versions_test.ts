import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  methods,
  type Pass,
  type Quantized,
  sharedWeights,
  unquantized,
  versionKey,
  Versions,
  weightPasses,
} from "../../lib/methods/mod.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";

const model = await randomModel(tinyArchitectures.llama);
const rewriting: Pass = { name: "halved", settings: { by: 2 }, rewrite: (layer) => layer };
const observing: Pass = { name: "observed", settings: {}, observes: { "attn.q": "range" } };

/** What makes a version, and how often it did. */
function counted(make: () => Promise<Quantized> = () => Promise.resolve(unquantized(model))) {
  let count = 0;
  return { make: () => (count++, make()), made: () => count };
}

Deno.test("Versions make what passes of equal name and settings ask for once", async () => {
  const versions = new Versions();
  const { make, made } = counted();
  const [first, second] = await Promise.all([
    versions.get([rewriting], make), // nobody has waited for the first when the second asks
    versions.get([{ ...rewriting, settings: { by: 2 } }], make),
  ]);
  assertStrictEquals(second, first);
  assertStrictEquals(await versions.get([rewriting], make), first);
  assertEquals(made(), 1);
  assert(await versions.get([{ ...rewriting, settings: { by: 3 } }], make) !== first);
  assert(await versions.get([{ ...rewriting, name: "other" }], make) !== first);
  assert(await versions.get([rewriting, rewriting], make) !== first);
  assertEquals(made(), 4);
});

Deno.test("Versions forget what could not be made", async () => {
  const versions = new Versions();
  const failing = counted(() => Promise.reject(new Error("stopped")));
  const fails = () => versions.get([rewriting], failing.make);
  await assertRejects(fails, Error, "stopped");
  await assertRejects(fails, Error, "stopped");
  assertEquals(failing.made(), 2);
  const { make, made } = counted();
  await versions.get([rewriting], make);
  assertEquals(made(), 1);
});

Deno.test("weightPasses() end with the last pass that rewrites weights", () => {
  assertEquals(weightPasses([]), []);
  assertEquals(weightPasses([observing]), []);
  assertEquals(weightPasses([observing, rewriting, observing]), [observing, rewriting]);
});

Deno.test("versionKey() is the passes' names and settings, in order", () => {
  const turned = { ...observing, settings: { b: 1, a: [null] } };
  assertEquals(versionKey([turned]), versionKey([{ ...turned, settings: { a: [null], b: 1 } }]));
  assert(versionKey([rewriting, observing]) !== versionKey([observing, rewriting]));
  assert(versionKey([rewriting]) !== versionKey([{ ...rewriting, settings: {} }]));
});

Deno.test("sharedWeights() are equal for methods that differ in activations alone", () => {
  const { architecture } = model;
  const of = (name: keyof typeof methods) => sharedWeights(methods[name], architecture);
  assertEquals(of("agileq-8"), of("gptq4"));
  assertEquals(of("agileq-4/8"), of("agileq-4"));
  assert(of("rtn4") !== of("gptq4"));
  assertEquals(of("fp16"), "[]");
  const coarser = methods.gptq4.with({ weights: { bits: 3 } });
  assert(sharedWeights(coarser, architecture) !== of("gptq4"));
});
