import { assertEquals } from "@std/assert";
import { perplexity } from "../../lib/eval/mod.ts";
import { AffineMatrix } from "../../lib/format/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import { type LayerWeights, loadModel, saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds, randomModel, tinyArchitectures } from "../model/tiny_models.ts";

Deno.test("rewritingSource() quantizes a streamed model block by block, and holds none of it", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const noWindows = () => ({ weightWindows: [], activationWindows: [] });
    const [resident, streamed] = await Promise.all(
      [undefined, 0].map(async (residentBytes) => {
        const model = await loadModel(folder, { residentBytes });
        return (await prepareModel(model, methods.rtn4, noWindows)).model;
      }),
    );
    const { up } = await streamed.source.layer(1);
    assertEquals(up!.weight instanceof AffineMatrix, true);
    assertEquals(await streamed.source.layer(1), await resident.source.layer(1));
    assertEquals(await streamed.source.layer(0) === await streamed.source.layer(0), false);
    const score = async (model: typeof resident) =>
      (await perplexity(model, randomIds(32), { window: 8 })).perplexity;
    assertEquals(await score(streamed), await score(resident));
  }));

Deno.test("rewritingSource() is not used where passes look at windows", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const windows = Array.from({ length: 4 }, (_, seed) => randomIds(16, seed));
    const calibration = () => ({ weightWindows: windows, activationWindows: windows });
    const [resident, streamed] = await Promise.all(
      [undefined, 0].map(async (residentBytes) => {
        const model = await loadModel(folder, { residentBytes });
        const method = methods["agileq-8"].with({ weights: { groupSize: 8 } });
        const { model: prepared, forward } = await prepareModel(model, method, calibration);
        return (await perplexity(prepared, randomIds(32), { window: 8, ...forward })).perplexity;
      }),
    );
    assertEquals(streamed, resident);
  }));

Deno.test("calibrate() holds no blocks of a streamed model that no pass rewrites", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), folder, "F16");
    const windows = [randomIds(16)];
    const calibration = () => ({ weightWindows: windows, activationWindows: windows });
    const model = await loadModel(folder, { residentBytes: 0 });
    const { source } = model;
    const read: LayerWeights[] = [];
    const layer = async (index: number) => {
      read.push(await source.layer(index));
      return read.at(-1)!;
    };
    const watched = { ...model, source: { ...source, layer } };
    const method = methods["agileq-8-activations"];
    const { model: prepared } = await prepareModel(watched, method, calibration);
    assertEquals(prepared, watched);
    assertEquals(read.map(({ up }) => up!.weight.byteLength), [0, 0]);
  }));
