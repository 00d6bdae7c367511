import { assertEquals } from "@std/assert";
import { silent } from "../../lib/core/mod.ts";
import { hashFile } from "../../lib/io/mod.ts";
import { measurePerplexity } from "../../tools/measure_perplexity.ts";
import { withFolder } from "../io/temporary_folder.ts";

const llama = "tests/golden/hf/llama";

Deno.test("measurePerplexity() loses no measurement to what happens to the files meanwhile", () =>
  withFolder(async (model) => {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${llama}/${name}`, `${model}/${name}`);
    }
    const ids = `${model}/ids.json`;
    await Deno.writeTextFile(ids, JSON.stringify(Array.from({ length: 64 }, (_, id) => id)));
    const files = ["config.json", "model.safetensors", "ids.json"].map((name) =>
      `${model}/${name}`
    );
    const progress = { ...silent, start: () => files.forEach((file) => Deno.removeSync(file)) };
    const { signal } = new AbortController();
    const report = await measurePerplexity({
      ...{ model, ids, window: 32, method: "fp16", execute: "emulate" },
      ...{ calibrationWindows: 1, seed: 0 },
    }, { progress, signal });
    assertEquals(report.windows, 2);
    assertEquals(report.weights, await hashFile(`${llama}/model.safetensors`));
    assertEquals(report.code.lock, await hashFile("deno.lock"));
  }));
