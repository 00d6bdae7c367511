import { assertEquals } from "@std/assert";
import { FinalStreams, type ForwardOptions, type Model, type Runner } from "../../lib/model/mod.ts";
import { branchOf } from "../../lib/model/runner.ts";
import { families, randomModel } from "./tiny_models.ts";

const model = await randomModel({ ...families.llama, layers: 4 });

function prunedAt(...layers: number[]): ForwardOptions {
  const ratios = new Map(layers.map((layer) => [layer, 0.5]));
  return { pruning: { ratios, importance: "startToken", positions: "renumber" } };
}

function branches(...options: (ForwardOptions | Runner | undefined)[]) {
  const runners = options.map((each): Runner =>
    each && "model" in each ? each : { model, options: each }
  );
  return runners.map((_, order) => branchOf(runners, order));
}

Deno.test("branchOf() leaves another runner where the first of the two prunes", () => {
  assertEquals(branches(prunedAt(2, 3), {}), [undefined, { of: 0, layer: 2 }]);
  assertEquals(branches(undefined, prunedAt(3)), [undefined, { of: 0, layer: 3 }]);
  assertEquals(branches(prunedAt(3), prunedAt(1)), [undefined, { of: 0, layer: 1 }]);
  assertEquals(branches({}, undefined), [undefined, { of: 0, layer: 4 }]);
});

Deno.test("branchOf() takes the runner that has most in common, the first of equals", () => {
  const [, , third, fourth] = branches(prunedAt(1), prunedAt(3), {}, prunedAt(3));
  assertEquals([third, fourth], [{ of: 1, layer: 3 }, { of: 1, layer: 3 }]);
});

Deno.test("branchOf() finds none where anything else differs, or the other may not run", () => {
  const other: Model = { ...model };
  const lower = { lower: { share: 0.5, inherited: true } };
  assertEquals(branches({ model: other }, {})[1], undefined);
  assertEquals(branches({ ...prunedAt(3), ...lower }, {})[1], undefined);
  assertEquals(branches({ ...prunedAt(3), ...lower }, { lower: lower.lower })[1], {
    of: 0,
    layer: 3,
  });
  assertEquals(branches({ model, final: new FinalStreams() }, {})[1], undefined);
});

Deno.test("branchOf() leaves another runner where the first of their models differs from what they share", () => {
  const later = (before: number, base = model): Runner => ({
    model: { ...model },
    base: { model: base, before },
  });
  assertEquals(branches(later(2), later(3)), [undefined, { of: 0, layer: 2 }]);
  assertEquals(branches(later(3), {})[1], { of: 0, layer: 3 });
  assertEquals(branches({}, { ...later(3), options: prunedAt(1) })[1], { of: 0, layer: 1 });
  assertEquals(branches(later(3), later(3, { ...model }))[1], undefined);
  assertEquals(branches(later(3), { ...later(3), final: new FinalStreams() }, later(1))[2], {
    of: 0,
    layer: 1,
  });
});

Deno.test("branchOf() takes how the common part runs from the base, whatever happens behind it", () => {
  const hooked = (before: number, options?: ForwardOptions): Runner => ({
    model,
    options: { hook: (value) => value },
    base: { model, before, options },
  });
  assertEquals(branches(hooked(2, {}), hooked(3, {})), [undefined, { of: 0, layer: 2 }]);
  assertEquals(branches({}, hooked(3, {}))[1], { of: 0, layer: 3 });
  assertEquals(branches({ signal: AbortSignal.abort() }, hooked(3, {}))[1], { of: 0, layer: 3 });
  assertEquals(branches({}, hooked(3))[1], undefined);
  assertEquals(branches({}, hooked(3, { lower: { share: 0.5, inherited: true } }))[1], undefined);
  assertEquals(branches(prunedAt(2), hooked(3, {}))[1], { of: 0, layer: 2 });
});
