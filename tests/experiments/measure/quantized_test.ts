import { assert, assertEquals } from "@std/assert";
import { quantizedModel } from "../../../experiments/measure/quantized.ts";
import { loadTokenizer } from "../../../lib/io/mod.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { disposeModel, loadModel } from "../../../lib/model/mod.ts";
import { useBackend } from "../../../lib/tensor/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";
import { logitsOf } from "../../model/with_reference.ts";
import { tinyArchitecture, writeTinyModel } from "./tiny_folder.ts";

Deno.test("quantizedModel() quantizes weights and activations as the method says", () =>
  withFolder(async (folder) => {
    await useBackend("agile");
    await writeTinyModel(folder, { ...tinyArchitecture, maxPositions: 32 });
    const tokenizer = await loadTokenizer(folder);
    const full = await loadModel(folder);
    const ids = tokenizer.encode("The bridge is made of stone.");
    const expected = logitsOf(full, ids);
    const run = async (method: keyof typeof methods) => {
      const { model, forward } = await quantizedModel(full, tokenizer, methods[method], {});
      const scores = logitsOf(model, ids, forward.hook);
      if (model !== full) disposeModel(model, full);
      return { scores, shared: model === full, hooked: forward.hook !== undefined };
    };
    assertEquals(await run("fp16"), { scores: expected, shared: true, hooked: false });
    const rounded = await run("rtn4");
    assertEquals([rounded.shared, rounded.hooked], [false, false]);
    assert(rounded.scores.join() !== expected.join());
    const { hooked, scores } = await run("agileq-8");
    assertEquals([hooked, scores.every(Number.isFinite)], [true, true]);
    disposeModel(full);
  }));
