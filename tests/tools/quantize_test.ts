import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { isObject } from "../../lib/io/mod.ts";
import { type Architecture, loadModel, saveModel } from "../../lib/model/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { plainWeights } from "../io/plain_gptq.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, randomIds, randomModel } from "../model/tiny_models.ts";
import { endOf, runTool, startTool } from "./run_tool.ts";

/** Sizes that checkpoints of GPTQ have: multiples of 32. */
const sizes = { hiddenSize: 32, embeddingSize: 32, heads: 4, keyValueHeads: 4, headDim: 8 };

const architectures = {
  llama: { ...families.llama, ...sizes, keyValueHeads: 4, intermediateSize: 64 },
  opt: { ...families.opt, ...sizes, intermediateSize: 64 },
  bloom: { ...families.bloom, ...sizes, intermediateSize: 128 },
} satisfies Record<string, Architecture>;

/** Writes a random model, and ids to test and to calibrate on. */
async function writeModel(folder: string, architecture: Architecture, dtype: "F16" | "F32") {
  await saveModel(await randomModel(architecture), `${folder}/model`, dtype);
  await Deno.writeTextFile(`${folder}/model/generation_config.json`, '{"eos_token_id":2}');
  await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify([...randomIds(300, 1)]));
  await Deno.writeTextFile(`${folder}/others.json`, JSON.stringify([...randomIds(400, 2)]));
}

/** The options about calibration, which both tools take. */
const calibration = (folder: string) => [
  ...["--calibration", `${folder}/others.json`, "--calibration-windows", "6", "--window", "16"],
];

const quantize = (folder: string, ...args: string[]) =>
  runTool("quantize", "quantize", "--model", `${folder}/model`, ...args);

/** What `perplexity` gives, to the last digit. */
async function perplexity(folder: string, model: string, ...args: string[]): Promise<number> {
  const { code, out, err } = await runTool(
    ...["perplexity", "perplexity", "--model", `${folder}/${model}`, "--json"],
    ...["--ids", `${folder}/ids.json`, "--window", "16", ...args],
  );
  assertEquals(code, 0, err);
  return JSON.parse(out).result.survivors.perplexity.value;
}

/** The contents of the files of a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const read = async ({ name }: Deno.DirEntry): Promise<[string, string]> => {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(`${folder}/${name}`));
    return [name, new Uint8Array(digest).toHex()];
  };
  return Object.fromEntries(
    (await Promise.all(entries.map(read))).sort(([one], [other]) => one < other ? -1 : 1),
  );
}

const cases: [family: keyof typeof architectures, dtype: "F16" | "F32", ...method: string[]][] = [
  ["llama", "F16", "gptq4", "--group-size", "16"],
  ["llama", "F32", "rtn4", "--bits", "3", "--symmetric", "--group-size", "32"],
  ["opt", "F16", "gptq4", "--bits", "8", "--group-size", "row", "--no-act-order"],
  ["bloom", "F32", "gptq4", "--bits", "2", "--group-size", "8"],
  ["llama", "F16", "awq4", "--group-size", "16"],
];

for (const [family, dtype, method, ...settings] of cases) {
  Deno.test(`quantize writes a checkpoint of GPTQ that perplexity takes for the same model: ${family}, ${method} ${settings.join(" ")}`, () =>
    withFolder(async (folder) => {
      await writeModel(folder, architectures[family], dtype);
      const options = [
        ...["--method", method, ...settings],
        ...method === "rtn4" ? [] : calibration(folder),
      ];
      const { code, out, err } = await quantize(folder, ...options, "--out", `${folder}/out`);
      assertEquals(code, 0, err);
      assertMatch(out, /^format +gptq(_v2)?, [2348] bits, /m);
      const expected = await perplexity(folder, "model", ...options, "--scales", "F16");
      assertEquals(await perplexity(folder, "out"), expected);
      assertNotEquals(await perplexity(folder, "model"), expected);
      await checkPlainly(`${folder}/out`, dtype);
    }));
}

/**
 * Reads a folder with none of the library's code and compares it with what the library reads.
 *
 * GPTQModel 7.7.0 with PyTorch 2.13 on the processor (backend `gptq_torch`), alone and under Transformers 5.24, has
 * read what `quantize` writes of the bundled models: LLaMA with 3 bits, 4 bits in act-order and 8 bits (symmetric,
 * whole rows), OPT with 4 and BLOOM with 2 (symmetric). All its weights were `scale * (code - zero)` rounded to F16,
 * and next-token scores, computed in F16, within 0.04 of those here, of 15 to 20 (KL divergence up to 1.1e-4).
 */
async function checkPlainly(folder: string, dtype: string): Promise<void> {
  const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
  const settings = config.quantization_config;
  assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/quantize_config.json`)), settings);
  assertEquals(await Deno.readTextFile(`${folder}/generation_config.json`), '{"eos_token_id":2}');
  const stored = settings.checkpoint_format === "gptq" ? "z - 1" : "z";
  const places: Record<string, string> =
    JSON.parse(await Deno.readTextFile(`${folder}/model.safetensors.index.json`)).weight_map;
  const tensors = new Map(
    [...new Set(Object.values(places))].flatMap((
      file,
    ) => [...readGolden(`${folder}/${file}`).tensors]),
  );
  assertEquals(Object.keys(places).sort(), [...tensors.keys()].sort());
  const floats = [...tensors].filter(([name]) => /weight$|bias$/.test(name));
  assert(floats.some(([, tensor]) => tensor.dtype === dtype));
  const model = await loadModel(folder);
  for (let layer = 0; layer < model.architecture.layers; layer++) {
    const { down, output } = await model.source.layer(layer);
    for (
      const [module, names] of [[down!, /fc2|down_proj|4h_to_h/], [
        output!,
        /out_proj|o_proj|dense\./,
      ]] as const
    ) {
      const [name] = tensors.keys().filter((each) =>
        each.endsWith(".qweight") && each.includes(`.${layer}.`) && names.test(each)
      );
      const plain = plainWeights(tensors, name.replace("qweight", ""), settings.bits, stored);
      assertEquals(plain, decodeMatrix(module.weight));
    }
  }
}

Deno.test("quantize gives a GGUF file's model a tokenizer, with which a text has the same perplexity", () =>
  withFolder(async (folder) => {
    const [model, text] = ["tests/golden/checkpoints/gguf/llama-f16.gguf", `${folder}/text.txt`];
    await Deno.writeTextFile(text, "The river of the town, and the men in it. ".repeat(40));
    const options = ["--method", "rtn4", "--group-size", "16"];
    const test = ["--text", text, "--window", "32", "--json"];
    const written = await runTool(
      ...["quantize", "quantize", "--model", model, ...options, "--out", `${folder}/out`],
    );
    assertEquals(written.code, 0, written.err);
    const run = async (...args: string[]) => {
      const { code, out, err } = await runTool("perplexity", "perplexity", ...args, ...test);
      assertEquals(code, 0, err);
      const { text, result, quantized, stored } = JSON.parse(out);
      return { text, perplexity: result.survivors.perplexity.value, quantized, stored };
    };
    const [expected, found] = await Promise.all([
      run("--model", model, ...options, "--scales", "F16"),
      run("--model", `${folder}/out`),
    ]);
    assertEquals([found.text, found.perplexity], [expected.text, expected.perplexity]);
    // In memory 4 bits, and 16 + 4 for each 16; g_idx and words of 32 bits besides in the file.
    assertEquals(expected.quantized.bitsPerWeight, 4 + 20 / 16);
    assert(found.stored.bitsPerWeight > expected.quantized.bitsPerWeight);
  }));

Deno.test("quantize --format safetensors writes weights that differ by their rounding to F16 alone", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.llama, "F32");
    const options = ["--method", "rtn4", "--bits", "5", "--group-size", "24"];
    const format = ["--format", "safetensors", "--out", `${folder}/out`];
    const { code, out, err } = await quantize(folder, ...options, ...format);
    assertEquals(code, 0, err);
    assertStringIncludes(out, "dequantized and rounded to F16");
    assertStringIncludes(out, `the tokenizer: ${folder}/model has no file of it`);
    const expected = await perplexity(folder, "model", ...options);
    const found = await perplexity(folder, "out");
    assertNotEquals(found, expected);
    assert(Math.abs(found / expected - 1) < 2e-3, `${found} instead of ${expected}`);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/out/config.json`));
    assertEquals([config.torch_dtype, "quantization_config" in config], ["float16", false]);
  }));

Deno.test("quantize and perplexity --allocate share the same bits out, which either reads from the other", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.llama, "F32");
    const method = ["--method", "rtn4", "--group-size", "16"];
    const asked = [...method, "--allocate", "5.5", ...calibration(folder)];
    const format = ["--format", "safetensors", "--out", `${folder}/out`];
    const { code, out, err } = await quantize(folder, ...asked, ...format);
    assertEquals(code, 0, err);
    assertMatch(out, /^bits +query \d\.\d, .* down \d\.\d bits on average over layers$/m);
    const file = `${folder}/out/allocation.json`;
    const saved = JSON.parse(await Deno.readTextFile(file));
    const model = ["--model", `${folder}/model`, "--ids", `${folder}/ids.json`, "--window", "16"];
    const again = await runTool("perplexity", "perplexity", ...model, ...asked, "--json");
    assertEquals(again.code, 0, again.err);
    const { allocation, allocated, quantized, result } = JSON.parse(again.out);
    assertEquals(allocation, saved.allocation);
    assertEquals([allocation.length, allocated.weights.budget], [2, 5.5]);
    assert(quantized.bitsPerWeight <= 5.5 && quantized.bitsPerWeight > 4.5);
    const read = await perplexity(folder, "model", ...method, "--allocate", file);
    assertEquals(read, result.survivors.perplexity.value);
    const found = await perplexity(folder, "out");
    assert(Math.abs(found / read - 1) < 2e-3, `${found} instead of ${read}`);
    await Deno.writeTextFile(file, '{"allocation":[{"query":4}]}');
    const wrong = await quantize(folder, ...method, "--allocate", file, ...format);
    const layers = `Cannot read ${file}: the allocation must be of 2 layers, got 1`;
    assertEquals([wrong.code, wrong.err], [2, layers]);
  }));

Deno.test("quantize --method agileq-8 writes the weights, whose activations perplexity quantizes again", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.llama, "F16");
    const options = calibration(folder);
    const args = ["--method", "agileq-8", ...options, "--group-size", "16"];
    const { code, out, err } = await quantize(folder, ...args, "--out", `${folder}/out`);
    assertEquals(code, 0, err);
    const again = `--model ${folder}/out --method agileq-8-activations`;
    assertStringIncludes(
      out,
      `the quantizers of activations, which no checkpoint holds: ${again} `,
    );
    const activations = ["--method", "agileq-8-activations", ...options];
    const [whole, parts] = await Promise.all([
      perplexity(folder, "model", ...args, "--scales", "F16"),
      perplexity(folder, "out", ...activations),
    ]);
    assertEquals(parts, whole);
    const second = await runTool(
      ...["perplexity", "perplexity", "--model", `${folder}/out`, "--method", "rtn4"],
      ...["--ids", `${folder}/ids.json`, "--window", "16"],
    );
    assertEquals(second.code, 0, second.err);
    assertMatch(
      second.err,
      /^Warning: .* are stored as GPTQ 4 bits in groups of 16: rtn4 quantizes them a second time/m,
    );
    const [wholly, partly] = await Promise.all([
      perplexity(folder, "model", ...args, "--scales", "F16", "--execute", "integer"),
      perplexity(folder, "out", ...activations, "--execute", "integer"),
    ]);
    assertEquals(partly, wholly);
  }));

/** A model that takes long enough to be killed between two blocks. */
const slow: Architecture = { ...architectures.llama, layers: 5 };
const method = (
  folder: string,
) => ["--method", "gptq4", "--group-size", "16", ...calibration(folder)];

for (const format of ["gptq", "safetensors"]) {
  Deno.test(`quantize --format ${format} goes on where it was killed, and writes what it would have`, () =>
    withFolder(async (folder) => {
      await writeModel(folder, slow, "F32");
      const args = [...method(folder), "--format", format];
      const whole = await quantize(folder, ...args, "--out", `${folder}/whole`);
      assertEquals(whole.code, 0, whole.err);
      const out = `${folder}/out`;
      const stops: [file: string, signal: Deno.Signal][] = [
        ["unfinished.json", "SIGKILL"],
        ["model-00002-of-00006.safetensors", "SIGINT"],
        ["model-00003-of-00006.safetensors", "SIGKILL"],
        ["model-00005-of-00006.safetensors", "SIGKILL"],
      ];
      for (const [file, signal] of stops) {
        const started = startTool(
          ...["quantize", "quantize", "--model", `${folder}/model`, "--out", out, ...args],
        );
        const ended = endOf(started);
        while (!await isThere(`${out}/${file}`)) await new Promise((done) => setTimeout(done, 2));
        started.kill(signal);
        const { code, err } = await ended;
        if (signal === "SIGINT" && code === 130) {
          assertStringIncludes(err, "the same command goes on");
        }
      }
      const last = await quantize(folder, ...args, "--out", out);
      const isDone = last.err.includes("the folder must be new"); // the last kill may come too late
      assert(last.code === 0 || isDone, last.err);
      assertEquals(await contents(out), await contents(`${folder}/whole`));
    }));
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("quantize refuses to go on with other settings of activations, by which weights are smoothed", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.opt, "F16");
    const out = `${folder}/out`;
    const args = ["--method", "smoothquant", "--out", out, ...calibration(folder)];
    const ended = endOf(startTool("quantize", "quantize", "--model", `${folder}/model`, ...args));
    while (!await isThere(`${out}/unfinished.json`)) {
      await new Promise((done) => setTimeout(done, 2));
    }
    const state = await Deno.readTextFile(`${out}/unfinished.json`);
    assertEquals((await ended).code, 0);
    await Deno.writeTextFile(`${out}/unfinished.json`, state);
    const other = '{"activations":{"alpha":0.9}}';
    const { code, err } = await quantize(folder, ...args, "--settings", other);
    assertEquals([code, err.split("\n").length], [2, 1], err);
    assertStringIncludes(err, `Cannot continue ${out}: settings must be {"weights":`);
  }));

Deno.test("quantize that was killed at the end writes the end again", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.opt, "F16");
    const [args, out] = [method(folder), `${folder}/out`];
    const begun = startTool(
      ...["quantize", "quantize", "--model", `${folder}/model`, "--out", out, ...args],
    );
    const ended = endOf(begun);
    while (!await isThere(`${out}/unfinished.json`)) {
      await new Promise((done) => setTimeout(done, 2));
    }
    const state = await Deno.readTextFile(`${out}/unfinished.json`);
    assertEquals((await ended).code, 0);
    const whole = await contents(out);
    await Deno.writeTextFile(`${out}/unfinished.json`, state);
    for (const name of ["config.json", "model-00001-of-00003.safetensors"]) {
      await Deno.remove(`${out}/${name}`);
    }
    const last = await quantize(folder, ...args, "--out", out);
    assertEquals(last.code, 0, last.err);
    assertEquals(await contents(out), whole);
    assert(isObject(JSON.parse(state)));
  }));

Deno.test("quantize answers bad input with one line and status 2, and leaves folders alone", () =>
  withFolder(async (folder) => {
    await writeModel(folder, architectures.llama, "F16");
    const out = `${folder}/out`;
    await Deno.mkdir(out);
    await Deno.writeTextFile(`${out}/unfinished.json`, '{"method":"awq4"}');
    await Deno.writeTextFile(`${out}/model-00002-of-00003.safetensors`, "");
    const before = [await contents(out), await contents(folder + "/model")];
    const rtn = ["--method", "rtn4", "--out", out];
    const commandLine = "Cannot read the command line: ";
    const cases: [args: string[], line: string][] = [
      [["--method", "rtn4"], "error: required option '--out <folder>' not specified"],
      [["--method", "fp16", "--out", out], "Cannot quantize model: fp16 must quantize weights"],
      [
        ["--method", "agileq-8-activations", "--out", out],
        "Cannot quantize model: agileq-8-activations must quantize weights",
      ],
      [
        ["--method", "zeroquant-v2", "--out", out],
        "Cannot quantize model: a checkpoint of GPTQ holds integer codes alone " +
        '(--format safetensors holds all), got "zeroquant-v2"',
      ],
      [
        ["--method", "quarot-rtn", "--out", out],
        "Cannot quantize model: no checkpoint holds what quarot-rtn makes of the model around its",
      ],
      [
        [...rtn, "--allocate", "4"],
        `${commandLine}--allocate must come with --format safetensors, as a checkpoint of GPTQ has`,
      ],
      [
        ["--method", "awq4", "--out", out, "--format", "safetensors", "--allocate", "4"],
        "Cannot allocate bits of weights: the method must be one of rtn4, gptq4, ",
      ],
      [[...rtn, "--bits", "5"], "Cannot write a checkpoint of GPTQ: bits must be 2, 3, 4, 8 "],
      [[...rtn, "--scales", "F32"], `${commandLine}--scales must be F16 in a checkpoint of GPTQ`],
      [[...rtn, "--format", "gguf"], `${commandLine}--format must be gptq or safetensors, got "gg`],
      [
        [...rtn, "--calibration", `${folder}/ids.json`],
        `${commandLine}--calibration must come with a method that calibrates, got "rtn4"`,
      ],
      [
        ["--method", "rtn4", "--out", `${folder}/model`],
        `Cannot write to ${folder}/model: the folder must be new, empty, or what an interrupted `,
      ],
      [
        ["--method", "rtn4", "--out", `${folder}/ids.json`],
        `Cannot write to ${folder}/ids.json: it must be a folder, and there is a file of that name`,
      ],
      [
        rtn,
        `Cannot continue ${out}: method must be "awq4", with which it was begun (--fresh starts`,
      ],
    ];
    const run = async ([args, line]: typeof cases[number]) => {
      const { code, err } = await quantize(folder, ...args);
      assertEquals([code, err.split("\n").length], [2, 1], err);
      assertStringIncludes(err, line);
    };
    await Promise.all(cases.slice(0, 4).map(run));
    for (const each of cases.slice(4)) await run(each);
    assertEquals([await contents(out), await contents(folder + "/model")], before);
    const fresh = await quantize(folder, ...rtn, "--fresh");
    assertEquals(fresh.code, 0, fresh.err);
  }));
