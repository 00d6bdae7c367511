import { assert, assertEquals } from "@std/assert";
import { quantizedModel } from "../../../experiments/measure/quantized.ts";
import { loadTokenizer } from "../../../lib/io/mod.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { loadModel, type Model, openModel, type SiteHook } from "../../../lib/model/mod.ts";
import { useBackend } from "../../../lib/tensor/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { logitsOf } from "../../model/with_reference.ts";
import { tinyArchitecture, writeTinyModel } from "./tiny_folder.ts";

async function scoresOf(model: Model, ids: Int32Array, hook?: SiteHook): Promise<Float32Array> {
  using open = await openModel(model);
  return logitsOf(open, ids, hook);
}

Deno.test("quantizedModel() quantizes weights and activations as the method says", () =>
  withFolder(async (folder) => {
    await useBackend("agile");
    await writeTinyModel(folder, { ...tinyArchitecture, maxPositions: 32 });
    const tokenizer = await loadTokenizer(folder);
    const full = await loadModel(folder);
    const ids = tokenizer.encode("The bridge is made of stone.");
    const expected = await scoresOf(full, ids);
    const run = async (method: keyof typeof methods) => {
      const { model, forward } = await quantizedModel(full, tokenizer, methods[method], {});
      const scores = await scoresOf(model, ids, forward.hook);
      return { scores, shared: model === full, hooked: forward.hook !== undefined };
    };
    assertEquals(await run("fp16"), { scores: expected, shared: true, hooked: false });
    const rounded = await run("rtn4");
    assertEquals([rounded.shared, rounded.hooked], [false, false]);
    assert(rounded.scores.join() !== expected.join());
    const { hooked, scores } = await run("agileq-8");
    assertEquals([hooked, scores.every(Number.isFinite)], [true, true]);
  }));
