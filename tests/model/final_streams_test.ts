import { assertEquals, assertStrictEquals } from "@std/assert";
import { ScratchFile } from "../../lib/io/mod.ts";
import { type BlockSource, FinalStreams, type Model, runWindows } from "../../lib/model/mod.ts";
import { tensorData } from "../../lib/tensor/mod.ts";
import { families, randomIds, randomModel } from "./tiny_models.ts";

const windows = [30, 7, 21].map((length, seed) => randomIds(length, seed));
const bytesOf = (tokens: number) => 4 * families.llama.hiddenSize * tokens;

/** A model that counts the blocks that are asked for. */
function counting(model: Model): { model: Model; blocks: () => number } {
  let count = 0;
  const layer: BlockSource["layer"] = (index) => {
    count++;
    return model.source.layer(index);
  };
  return { model: { ...model, source: { ...model.source, layer } }, blocks: () => count };
}

const run = (model: Model, final?: FinalStreams, own = windows) =>
  runWindows(
    [{ model, final }],
    own,
    {},
    ([{ run: { lower: _, hidden, ...run } }]) => ({ ...run, hidden: tensorData(hidden).slice() }),
  );

Deno.test("FinalStreams gives what a run gave, bit for bit, and no block runs again", async () => {
  const { model, blocks } = counting(await randomModel(families.llama));
  const expected = await run(model);
  assertEquals(blocks(), 2);
  using final = new FinalStreams();
  assertEquals(await run(model, final), expected);
  assertEquals(blocks(), 4);
  assertEquals(await run(model, final), expected);
  assertEquals(await run(model, final, [windows[2]]), [expected[2]]);
  assertEquals(blocks(), 4);
});

Deno.test("FinalStreams knows windows by their array: an equal one runs", async () => {
  const { model, blocks } = counting(await randomModel(families.llama));
  using final = new FinalStreams();
  const expected = await run(model, final);
  assertEquals(await run(model, final, windows.map((window) => window.slice())), expected);
  assertEquals(blocks(), 4);
});

Deno.test("FinalStreams keeps what memory has no room for in a file, or not at all", async () => {
  const { model, blocks } = counting(await randomModel(families.llama));
  const expected = await run(model);
  const folder = await Deno.makeTempDir();
  try {
    const budget = bytesOf(40);
    using final = new FinalStreams({ budget, scratch: new ScratchFile(folder) });
    for (let time = 0; time < 2; time++) assertEquals(await run(model, final), expected);
    assertEquals(blocks(), 4);
    assertEquals(windows.map((window) => final.has(window)), [true, true, true]);
    using small = new FinalStreams({ budget });
    for (let time = 0; time < 2; time++) assertEquals(await run(model, small), expected);
    assertEquals(blocks(), 8);
    assertEquals(windows.map((window) => small.has(window)), [true, true, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("FinalStreams does without a file that cannot be written", async () => {
  const model = await randomModel(families.llama);
  const scratch = new ScratchFile("a/folder/that/is/missing");
  using final = new FinalStreams({ budget: 0, scratch });
  assertStrictEquals((await run(model, final)).length, windows.length);
  assertEquals(windows.map((window) => final.has(window)), [false, false, false]);
});
