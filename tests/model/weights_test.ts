import { assertEquals, assertStrictEquals } from "@std/assert";
import { floatMatrix } from "../../lib/format/mod.ts";
import {
  buildWeights,
  linearGroups,
  matrixShape,
  moduleAt,
  moduleShapes,
  parameterKinds,
  parameterShape,
} from "../../lib/model/mod.ts";
import { families, tinyArchitectures } from "./tiny_models.ts";

const short = (architecture: (typeof tinyArchitectures)[keyof typeof tinyArchitectures]) =>
  moduleShapes({ ...architecture, layers: 1 })
    .map(({ name, weight, bias }) => `${name} ${weight.join("x")}${bias ? " bias" : ""}`);

Deno.test("moduleShapes() lists what a llama has", () => {
  assertEquals(short(families.llama), [
    ...["embedding 50x24", "finalNorm 24", "inputNorm 24"],
    ...["query 24x24", "key 24x24", "value 24x24", "output 24x24"],
    ...["mlpNorm 24", "gate 40x24", "up 40x24", "down 24x40"],
  ]);
});

Deno.test("moduleShapes() knows grouped queries, wide heads, biases and a head of its own", () => {
  const name = "llama with grouped queries, wide heads, biases and a head of its own";
  assertEquals(short(tinyArchitectures[name]), [
    ...["embedding 50x24", "finalNorm 24", "head 50x24", "inputNorm 24"],
    ...["query 48x24 bias", "key 16x24 bias", "value 16x24 bias", "output 24x48 bias"],
    ...["mlpNorm 24", "gate 40x24 bias", "up 40x24 bias", "down 24x40 bias"],
  ]);
});

Deno.test("moduleShapes() knows learned positions, projections and norms after, as in opt-350m", () => {
  const name = "opt with norms after and a narrow embedding, as opt-350m";
  assertEquals(short(tinyArchitectures[name]).slice(0, 5), [
    ...["embedding 50x16", "positionEmbedding 66x24", "projectIn 24x16", "projectOut 16x24"],
    "inputNorm 24 bias",
  ]);
});

Deno.test("moduleShapes() knows the norm of BLOOM's embedding", () => {
  assertEquals(short(families.bloom).slice(0, 3), [
    ...["embedding 50x24", "embeddingNorm 24 bias", "finalNorm 24 bias"],
  ]);
});

Deno.test("moduleShapes() lists the blocks one after the other", () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    const layers = moduleShapes({ ...architecture, layers: 3 }).map(({ layer }) => layer);
    const outer = layers.filter((layer) => layer === null).length;
    assertEquals(layers.slice(0, outer), Array(outer).fill(null));
    const inner = layers.slice(outer);
    assertEquals(inner, inner.map((_, index) => Math.floor(index / (inner.length / 3))));
  }
});

Deno.test("parameterShape() and matrixShape() say how parameters are held", () => {
  const [embedding, norm] = moduleShapes(families.bloom);
  assertEquals(parameterShape(embedding, "weight"), [50, 24]);
  assertEquals(parameterShape(norm, "weight"), [24]);
  assertEquals(parameterShape(norm, "bias"), [24]);
  assertEquals(parameterShape({ ...embedding, bias: true }, "bias"), [50]);
  assertEquals(matrixShape([50, 24]), [50, 24]);
  assertEquals(matrixShape([24]), [1, 24]);
});

Deno.test("linearGroups hold every linear map of a block once, by what it reads", () => {
  const names = linearGroups.flatMap(({ names }) => names);
  const maps = moduleShapes({ ...families.llama, layers: 1 })
    .filter(({ layer, name }) => layer === 0 && !name.endsWith("Norm"))
    .map(({ name }) => name);
  assertEquals(names, maps as typeof names);
  assertEquals(
    linearGroups.map(({ reads }) => reads),
    ["attn.input", "attn.output", "mlp.input", "mlp.hidden"],
  );
});

Deno.test("buildWeights() asks for every module in order and puts each in its place", async () => {
  const asked: unknown[] = [];
  const made: unknown[] = [];
  const { outer, layers } = await buildWeights(families.opt, (shape) => {
    asked.push(shape);
    const [rows, columns] = matrixShape(shape.weight);
    const module = { weight: floatMatrix("F32", new Float32Array(rows * columns), rows, columns) };
    made.push(module);
    return Promise.resolve(module);
  });
  assertEquals(asked, moduleShapes(families.opt));
  assertEquals(layers.length, 2);
  const built = [outer, ...layers].flatMap((modules) => Object.values(modules));
  assertEquals(built.length, made.length);
  built.forEach((module, index) => assertEquals(module === made[index], true));
  assertEquals(Object.keys(layers[1]), Object.keys(layers[0]));
});

Deno.test("moduleAt() finds each module where buildWeights() put it", async () => {
  const built: unknown[] = [];
  const weights = await buildWeights(families.bloom, () => {
    const module = { weight: floatMatrix("F32", new Float32Array(1), 1, 1) };
    built.push(module);
    return module;
  });
  moduleShapes(families.bloom).forEach((shape, index) =>
    assertStrictEquals(moduleAt(weights, shape), built[index])
  );
});

Deno.test("parameterKinds() are a weight and, where there is one, a bias", () => {
  const kinds = (architecture: typeof families.llama) =>
    moduleShapes(architecture).map((shape) => parameterKinds(shape).join());
  assertEquals(new Set(kinds(families.llama)), new Set(["weight"]));
  assertEquals(kinds(families.opt).slice(0, 3), ["weight", "weight", "weight,bias"]);
});
