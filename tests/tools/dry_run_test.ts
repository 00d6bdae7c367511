import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeDryRun, type DryRun } from "../../tools/dry_run.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomIds } from "../eval/tiny_models.ts";
import { runTool } from "./run_tool.ts";

const stored = {
  matrices: 72,
  weights: 85e6,
  byteLength: 170e6,
  forms: ["F16"],
  bitsPerWeight: 16,
};

const dry: DryRun = {
  model: "org/model",
  method: "gptq4",
  parameters: 125_239_296,
  stored,
  quantized: { ...stored, forms: ["4 bits in groups of 128"], bitsPerWeight: 4.28 },
  storedBytes: 3 * 2 ** 29,
  memory: {
    ...{ isStreamed: true, weights: 2 ** 30, open: 2 ** 20, preparing: 2 ** 21, scoring: 2 ** 22 },
    total: 1.25 * 2 ** 30,
  },
  program: 2 ** 28,
  ...{ window: 2048, windows: 140, calibrationWindows: 32 },
  ...{ windowOperations: 5.9e11, operations: 8.26e13 },
  seconds: { prepare: 7300, score: 119 },
};

Deno.test("describeDryRun() says that it is an estimate, and what of", () => {
  assertEquals(describeDryRun(dry).split("\n"), [
    "An estimate: no weights were loaded.",
    "model               org/model",
    "parameters          125.2 million",
    "stored as           F16: 16.00 bits per weight of the linear maps, all counted",
    "method              gptq4",
    "quantized to        4 bits in groups of 128: 4.28 bits per weight of the linear maps, all counted",
    "weights             1.50 GiB, read block by block from the disk",
    "to hold             about 1.50 GiB, most of it at the same time:",
    "                    256.0 MiB                the program, texts and tokenizer",
    "                    1.00 GiB                 weights",
    "                    1.0 MiB                  a block and the head as float32",
    "                    2.0 MiB                  to quantize: windows for calibration, what is gathered of them",
    "                    4.0 MiB                  to score: windows on their way",
    "windows             140 of 2048 tokens",
    "operations          590 billion a window, 82600 billion in all",
    "time                about 2.1 h, files read at once: 2.0 h to quantize with 32 windows, 119 s to score",
  ]);
});

Deno.test("describeDryRun() of a quantization says nothing of scoring", () => {
  const memory = { ...dry.memory, scoring: 0 };
  const text = describeDryRun({ ...dry, memory, windows: 0 });
  assert(!/score|operations|windows +\d/.test(text), text);
  assertStringIncludes(text, "about 2.0 h, files read at once: 2.0 h to quantize with 32 windows");
});

Deno.test("dryQuantization() is what quantize --dry-run prints, and nothing is written", () =>
  withFolder(async (folder) => {
    const ids = `${folder}/ids.json`;
    await Deno.writeTextFile(ids, JSON.stringify([...randomIds(150, 1)]));
    const { code, out, err } = await runTool(
      ...["quantize", "quantize", "--model", "tests/golden/hf/llama-f16", "--method", "gptq4"],
      ...["--group-size", "16", "--calibration", ids, "--window", "32"],
      ...["--out", `${folder}/out`, "--dry-run", "--json"],
    );
    assertEquals(code, 0, err);
    const { windows, calibrationWindows, quantized, memory, seconds } = JSON.parse(out);
    assertEquals([windows, calibrationWindows, memory.scoring], [0, 32, 0]);
    assertEquals(quantized.forms, ["4 bits in groups of 16"]);
    assert(seconds.prepare > 0 && memory.preparing > 0);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["ids.json"]);
  }));

Deno.test("dryRun() and dryQuantization() download nothing, and say who tells what that takes", async () => {
  const rule = "for --dry-run, which downloads nothing; what a download takes says: deno task " +
    "download --dry-run org/none";
  for (const tool of ["perplexity", "quantize"]) {
    const own = tool === "quantize"
      ? ["--method", "rtn4", "--out", "none"]
      : ["--ids", "none.json"];
    const args = ["--model", "org/none", ...own, "--dry-run"];
    const { code, err } = await runTool(tool, tool, ...args);
    assertEquals([code, err.split("\n").length], [2, 1], err);
    assertStringIncludes(err, "Cannot plan with org/none: it must be a folder or in the cache ");
    assertStringIncludes(err, rule);
  }
});

Deno.test("dryRun() is what perplexity --dry-run prints, of weights that it does not load", () =>
  withFolder(async (folder) => {
    const model = "tests/golden/hf/llama-f16";
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${model}/${name}`, `${folder}/${name}`);
    }
    // A weight that is no number is refused where it is loaded.
    const weights = await Deno.readFile(`${folder}/model.safetensors`);
    weights.fill(255, weights.length - 64);
    await Deno.writeFile(`${folder}/model.safetensors`, weights);
    await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify([...randomIds(150, 1)]));
    const args = ["--model", folder, "--ids", `${folder}/ids.json`, "--window", "32"];
    const run = (...more: string[]) => runTool("perplexity", "perplexity", ...args, ...more);
    const [real, planned] = await Promise.all([
      run(),
      run("--dry-run", "--windows", "2", "--json"),
    ]);
    assertEquals(real.code, 2);
    assertStringIncludes(real.err, "must be a finite float32");
    assertEquals(planned.code, 0);
    const { parameters, stored, window, windows, ...others } = JSON.parse(planned.out);
    assertEquals([stored.forms, stored.bitsPerWeight], [["F16"], 16]);
    assertEquals([window, windows], [32, 2]);
    assertEquals(others.storedBytes, 2 * parameters);
    assertEquals(others.operations, 2 * others.windowOperations);
    assertEquals([others.seconds.prepare, others.quantized], [0, undefined]);
    assert(others.seconds.score > 0 && others.memory.total > others.storedBytes);
  }));
