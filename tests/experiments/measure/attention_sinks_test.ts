import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { measureSinks } from "../../../experiments/measure/attention_sinks.ts";
import { kurtosis } from "../../../lib/core/mod.ts";
import { siteValues } from "../../../lib/inspect/mod.ts";
import { forward, openModel } from "../../../lib/model/mod.ts";
import { tensorData, tidy } from "../../../lib/tensor/mod.ts";
import { randomIds, randomModel, tinyArchitectures } from "../../model/tiny_models.ts";

for (const name of ["llama", "llama with softpick"] as const) {
  Deno.test(`measureSinks() is what the maps of every layer and the stream say: ${name}`, async () => {
    const model = await randomModel(tinyArchitectures[name]);
    const windows = [randomIds(9, 1), randomIds(9, 2)];
    const sinks = await measureSinks(model, windows);
    const toFirst = new Map<string, number>();
    for (const [index, window] of windows.entries()) {
      let [start, given, zeros, seen, queries] = [0, 0, 0, 0, 0];
      for (const { layer, values } of await siteValues(model, window, "attn.probs")) {
        for (let head = 0; head < 6; head++) {
          for (let query = 1; query < 9; query++) {
            const row = values.subarray((head * 9 + query) * 9, (head * 9 + query) * 9 + query + 1);
            const key = `${layer} ${head}`;
            toFirst.set(key, (toFirst.get(key) ?? 0) + row[0] / 16);
            start += row[0];
            given += row.reduce((sum, each) => sum + each, 0);
            zeros += row.filter((each) => each === 0).length;
            seen += row.length;
            queries++;
          }
        }
      }
      assertAlmostEquals(sinks.start[index], start / queries, 1e-6);
      assertAlmostEquals(sinks.given[index], given / queries, 1e-6);
      assertAlmostEquals(sinks.zeros[index], zeros / seen, 1e-9);
      using open = await openModel(model);
      const stream = tidy(() => tensorData(forward(open, window).hidden).slice());
      assertAlmostEquals(sinks.kurtosis[index], kurtosis(stream), 1e-4);
      const most = Math.max(...stream.map(Math.abs));
      const power = stream.reduce((sum, each) => sum + each ** 2, 0) / stream.length;
      assertAlmostEquals(sinks.largest[index], most / Math.sqrt(power), 1e-5);
    }
    const shares = [...toFirst.values()];
    assertEquals(sinks.sinkRate, shares.filter((share) => share > 0.3).length / shares.length);
    const isSoftpick = name !== "llama";
    assertEquals(sinks.zeros.every((share) => share > 0.1), isSoftpick);
    assert(isSoftpick ? sinks.given[0] < 0.95 : Math.abs(sinks.given[0] - 1) < 1e-5);
  });
}
