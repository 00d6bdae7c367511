import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { corpus } from "../../experiments/measure/bundled.ts";
import { drawCalibration } from "../../experiments/measure/calibration.ts";
import {
  evaluate,
  type EvaluationConfig,
  evaluationOf,
} from "../../experiments/measure/evaluation.ts";
import { pruningFor } from "../../experiments/measure/pruning_plan.ts";
import { loadSubject, readSubject } from "../../experiments/measure/subject.ts";
import { generateEncyclopedia } from "../../lib/corpus/mod.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { hashFile, loadTokenizer } from "../../lib/io/mod.ts";
import { methods, prepareModel } from "../../lib/methods/mod.ts";
import {
  type Architecture,
  initializeModel,
  openPublished,
  publishedStorage,
  saveModel,
} from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { tinyArchitecture, writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { byteLevelTokenizer } from "../io/tiny_tokenizers.ts";
import { changeConfig } from "../model/saved_model.ts";
import { pickle, torchArchive } from "../../tools/fuzz/torch_samples.ts";
import { runTool } from "./run_tool.ts";

const llama = "tests/golden/hf/llama";
const ids = randomIds(150, 1);
const calibrationIds = randomIds(120, 2);

/** Processes that run at the same time. */
const atOnce = 6;

const run = (...args: string[]) => runTool("perplexity", "perplexity", ...args);

const write = (path: string, value: unknown) => Deno.writeTextFile(path, JSON.stringify(value));

Deno.test("perplexity prints what perplexity() of the library gives", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids]);
    const args = ["--model", llama, "--ids", `${folder}/ids.json`, "--window", "32"];
    const [human, json] = await Promise.all([run(...args), run(...args, "--json")]);
    await withModel("llama", async (model) => {
      const expected = await perplexity(model, ids, { window: 32 });
      const { value, low, high } = expected.perplexity;
      assertEquals([human.code, json.code, expected.scored], [0, 0, 124]);

      const { seconds, tokensPerSecond, backend, code, ...report } = JSON.parse(json.out);
      assertEquals(report, {
        model: llama,
        weights: await hashFile(`${llama}/model.safetensors`),
        stored: publishedStorage(await openPublished(llama)),
        method: "fp16",
        title: "FP16",
        settings: {},
        execute: "emulate",
        text: {
          source: `${folder}/ids.json`,
          sha256: await hashFile(`${folder}/ids.json`),
          startToken: { place: "none" },
          tokens: 150,
        },
        window: 32,
        windows: 4,
        windowsInText: 4,
        result: {
          survivors: {
            perplexity: { value, low, high },
            scored: 124,
            windowLosses: report.result.survivors.windowLosses,
          },
        },
        warnings: ["Only 4 windows are scored: intervals are narrower than 95 % asks for."],
      });
      assertEquals(report.result.survivors.windowLosses.length, 4);
      assert(seconds > 0 && tokensPerSecond > 0);
      assertEquals(backend, await useBackend("agile"));
      const { commit, date, machine, ...versions } = code;
      assertMatch(commit ?? "", /^([0-9a-f]{12}(\+changes)?)?$/);
      assertMatch(date, /^\d{4}-\d\d-\d\d$/);
      assertStringIncludes(machine, Deno.build.target);
      assertEquals(versions, {
        deno: Deno.version.deno,
        tfjs: "4.22.0",
        lock: await hashFile("deno.lock"),
      });

      const lines = human.out.split("\n");
      const interval = `[${low!.toFixed(4)}, ${high!.toFixed(4)}] (95 %)`;
      assertStringIncludes(human.out, `\nperplexity          ${value.toFixed(4)} ${interval}\n`);
      assertEquals(lines.length, 10);
      assertStringIncludes(human.err, "windows: finished");
    });
  }));

Deno.test("perplexity of a pruned, quantized model is that of the library, with its control", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids]);
    await write(`${folder}/calibration.json`, [...calibrationIds]);
    const { code, out, err } = await run(
      ...["--model", llama, "--ids", `${folder}/ids.json`, "--window", "32", "--json"],
      ...["--method", "agileq-8", "--profile", "released", "--positions", "keep"],
      ...["--prune", "0.3", "--prune-layers", "-3,-1", "--seed", "5"],
      ...["--calibration", `${folder}/calibration.json`, "--calibration-windows", "4"],
    );
    assertEquals(code, 0);
    const report = JSON.parse(out);
    await withModel("llama", async (full) => {
      const text = { ids: calibrationIds, startToken: { place: "none" } as const };
      const drawn = drawCalibration(text, {
        window: 32,
        weightWindows: 4,
        activationWindows: 10,
        seed: 5,
      });
      const method = methods["agileq-8"].with({ activations: { profile: "released" } });
      const pruning = pruningFor(full, { beta: 0.3, layers: [0, 2], positions: "keep" });
      const { model, forward } = await prepareModel(full, method, () => drawn, { pruning });
      const expected = await perplexity(model, ids, { window: 32, ...forward });
      const { survivors, denseOnSurvivors, allPositions } = report.result;
      assertEquals(survivors.perplexity, expected.perplexity);
      assertEquals(allPositions.perplexity, expected.allPositions);
      assertEquals(survivors.scored, expected.scored);
      assertEquals(denseOnSurvivors.perplexity.value > 1, true);
    });
    assertEquals(report.settings.activations, { bits: 8, profile: "released" });
    assertEquals(report.pruning, { beta: 0.3, layers: [0, 2], positions: "keep" });
    assertEquals(report.calibration, {
      source: `${folder}/calibration.json`,
      sha256: await hashFile(`${folder}/calibration.json`),
      startToken: { place: "none" },
      tokens: 120,
      ...{ window: 32, weightWindows: 4, activationWindows: 10, seed: 5 },
    });
    const warning = "4 calibration windows of 32 tokens are drawn from the 120 tokens of ";
    assertStringIncludes(report.warnings[0], warning);
    assertStringIncludes(report.warnings[1], "windows are scored");
    assertEquals(report.warnings.slice(2), [
      "agileq-8: rows of 64 columns are one group, not of 128.",
      "agileq-8: rows of 176 columns end in a group of 48, not of 128.",
    ]);
    assertStringIncludes(err, `Warning: ${warning}`);
  }));

/** Cells of a table as {@linkcode evaluate} measures them, and the command that asks for the same. */
const cells: [config: Pick<EvaluationConfig, "method" | "pruning">, ...args: string[]][] = [
  [{ method: "gptq4", pruning: null }, "--method", "gptq4"],
  [
    { method: "agileq-8", pruning: { beta: 0.2, layers: [-1], positions: "renumber" } },
    ...["--method", "agileq-8", "--prune", "0.2", "--prune-layers=-1"],
  ],
];

Deno.test("perplexity --compare gives what the cell of a table has, by its defaults", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder, { ...tinyArchitecture, maxPositions: 256 });
    const text = `${folder}/test.txt`;
    await Deno.writeTextFile(text, generateEncyclopedia(corpus.test).text);
    const subject = await loadSubject(await readSubject({ folder }, await useBackend("agile")));
    for (const [{ method, pruning }, ...args] of cells) {
      const config = evaluationOf(subject.facts, method, pruning);
      const { code, out } = await run(
        "--model",
        folder,
        "--text",
        text,
        "--compare",
        "--json",
        ...args,
      );
      assertEquals(code, 0);
      const report = JSON.parse(out);
      const { storage, ...expected } = await evaluate(subject, config, {});
      assertEquals(report.result, JSON.parse(JSON.stringify(expected)));
      assertEquals(report.quantized, storage);
      assertEquals(report.result.survivors.ratio.value > 0, true);
      const passes = pruning ? 3 : 2; // with the reference, and without pruning
      const atLeast = passes * (report.windows - 1) * report.window; // the first warms up
      assert(report.seconds * report.tokensPerSecond >= atLeast);
      const { facts } = subject;
      const { sha256, startToken, weightWindows, activationWindows, window, seed } =
        report.calibration;
      assertEquals(report.weights, facts.weights);
      assertEquals({ sha256, startToken }, facts.calibrationText);
      const forActivations = method === "agileq-8" ? facts.activationWindows : 0;
      assertEquals(
        [weightWindows, activationWindows, window, seed],
        [facts.weightWindows, forActivations, facts.window, facts.seed],
      );
      assertEquals(report.text.sha256, facts.testText.sha256);
    }
  }));

Deno.test("perplexity --windows scores the first windows alone, and says so", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids]);
    await write(`${folder}/first.json`, [...ids.subarray(0, 64)]);
    const args = ["--model", llama, "--window", "32", "--method", "rtn4", "--compare"];
    const limited = [...args, "--ids", `${folder}/ids.json`, "--windows", "2"];
    const [human, json, first] = await Promise.all([
      run(...limited),
      run(...limited, "--json"),
      run(...args, "--ids", `${folder}/first.json`, "--json"),
    ]);
    const report = JSON.parse(json.out);
    assertEquals([report.windows, report.windowsInText], [2, 4]);
    assertEquals(report.result, JSON.parse(first.out).result);
    assertEquals(report.quantized.forms, ["4 bits in whole rows"]);
    assertStringIncludes(
      human.out,
      "\nscored              62 tokens in 2 windows of 32, the first of 4 by --windows 2\n",
    );
    const { p50, p95, p99, max } = report.result.survivors.divergencePercentiles;
    assert(0 < p50 && p50 < p95 && p95 < p99 && p99 < max);
    assertStringIncludes(human.out, `${p50.toFixed(4)}   ${p95.toFixed(4)}   ${p99.toFixed(4)}`);
  }));

Deno.test("perplexity takes other settings of the weight quantizer", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids]);
    const args = ["--model", llama, "--ids", `${folder}/ids.json`, "--window", "32", "--json"];
    const { out } = await run(...args, "--method", "rtn4", "--bits", "8", "--symmetric");
    const { result, settings } = JSON.parse(out);
    const weights = { bits: 8, groupSize: "row", symmetric: true, range: "minmax" } as const;
    assertEquals(settings, { weights });
    await withModel("llama", async (full) => {
      const { model, forward } = await prepareModel(full, methods.rtn4.with({ weights }), () => {
        throw new Error("rounding calibrates nothing");
      });
      const expected = await perplexity(model, ids, { window: 32, ...forward });
      assertEquals(result.survivors.perplexity, expected.perplexity);
    });
  }));

Deno.test("perplexity puts the start token of the tokenizer once in front of the text", () =>
  withFolder(async (folder) => {
    await useBackend("agile");
    const architecture: Architecture = {
      ...tinyArchitecture,
      ...{ vocabularySize: 269, startsEveryWindow: false },
    };
    const model = await initializeModel("tiny", architecture, 1);
    await saveModel(model, folder, "F32");
    await write(`${folder}/tokenizer.json`, byteLevelTokenizer());
    const text = "the world worlding theer ".repeat(20);
    await Deno.writeTextFile(`${folder}/text.txt`, text);
    const encoded = (await loadTokenizer(folder)).encode(text);
    const args = ["--model", folder, "--text", `${folder}/text.txt`, "--window", "16", "--json"];
    const places = [[], ["once"], ["window"], ["none"]].map((place) =>
      place.length > 0 ? ["--start-token", ...place] : []
    );
    const runs = await Promise.all(places.map((place) => run(...args, ...place)));
    const [byDefault, once, window, none] = runs.map(({ out }) => JSON.parse(out));
    const asTheyAre = { window: 16, startToken: { place: "none" } } as const;
    const expected = await perplexity(model, Int32Array.of(268, ...encoded), asTheyAre);
    assertEquals(byDefault.result.survivors.perplexity, expected.perplexity);
    assertEquals(byDefault.text.startToken, { place: "once", id: 268 });
    assertEquals(once.result, byDefault.result);
    assertEquals(window.text.startToken, { place: "window", id: 268 });
    assertEquals(window.windows, Math.floor(encoded.length / 15));
    const bare = await perplexity(model, encoded, asTheyAre);
    assertEquals(none.result.survivors.perplexity, bare.perplexity);
    assertNotEquals(none.result.survivors.perplexity, expected.perplexity);
  }));

Deno.test("perplexity and generate say what of the checkpoint they do not use", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder, { ...tinyArchitecture, layers: 2 });
    await changeConfig(folder, { num_hidden_layers: 1 });
    await write(`${folder}/ids.json`, [...ids].map((id) => id % tinyArchitecture.vocabularySize));
    const [measured, generated] = await Promise.all([
      run("--model", folder, "--ids", `${folder}/ids.json`, "--window", "32", "--json"),
      runTool("generate", "evaluate", "--model", folder, "--prompt", "The", "--tokens", "1"),
    ]);
    const [...warnings] = JSON.parse(measured.out).warnings;
    const few = warnings.pop();
    assertStringIncludes(few, "windows are scored");
    assertEquals(warnings.length, 2);
    assertStringIncludes(warnings[0], "1 of the checkpoint's 2 layers");
    assertStringIncludes(warnings[1], "The model does not use 9 tensors of ");
    for (const { code, err } of [measured, generated]) {
      assertEquals(code, 0);
      for (const warning of warnings) assertStringIncludes(err, `Warning: ${warning}\n`);
    }
  }));

Deno.test("perplexity answers bad input with one line and status 2", () =>
  withFolder(async (folder) => {
    const at = (name: string) => `${folder}/${name}`;
    await write(at("ids.json"), [...ids]);
    await write(at("short.json"), [1, 2, 3]);
    await write(at("strange.json"), [...ids, 512]);
    await write(at("huge.json"), [...ids, 2 ** 32]);
    await write(at("negative.json"), [...ids, -1]);
    await write(at("fractional.json"), [1, 2.5]);
    await write(at("words.json"), [1, "two"]);
    await write(at("nested.json"), [[1, 2], [3]]);
    await write(at("object.json"), { ids: [1] });
    await Deno.writeTextFile(at("broken.json"), "[1, 2");
    await Deno.writeTextFile(at("empty.txt"), "");
    await Deno.writeTextFile(at("text.txt"), "A text of some words. ".repeat(50));
    await Deno.mkdir(at("model"));
    await writeTinyModel(at("model"));
    await Deno.mkdir(at("hollow"));
    await Deno.mkdir(at("weightless"));
    await Deno.copyFile(`${llama}/config.json`, at("weightless/config.json"));
    await Deno.mkdir(at("hostile"));
    await Deno.copyFile(`${llama}/config.json`, at("hostile/config.json"));
    const command = pickle.tuple(pickle.text(`touch ${at("ran")}`));
    const call = [pickle.global("os", "system"), command, pickle.code("R")];
    await Deno.writeFile(at("hostile/pytorch_model.bin"), torchArchive(pickle.of(...call), {}));

    const commandLine = "Cannot read the command line: ";
    const good = ["--model", llama, "--ids", at("ids.json"), "--window", "32"];
    const withIds = (name: string) => ["--model", llama, "--ids", at(name), "--window", "32"];
    const cases: [args: string[], line: string][] = [
      [[], "error: required option '--model <model>' not specified"],
      [["--model", llama], `${commandLine}one of --text, --ids and --dataset must be given, got 0`],
      [
        [...good, "--text", at("text.txt")],
        `${commandLine}one of --text, --ids and --dataset must be given, got 2`,
      ],
      [
        [...good, "--method", "awq"],
        "Cannot choose a method: it must be fp16, rtn4, gptq4, ",
      ],
      [
        [...good, "--profile", "mine"],
        `${commandLine}--profile must be paper or released, got "mine"`,
      ],
      [
        [...good, "--positions", "mine"],
        `${commandLine}--positions must be renumber or keep, got "mine"`,
      ],
      [
        [...good, "--positions", "keep"],
        `${commandLine}--positions must come with --prune`,
      ],
      [
        [...good, "--method", "rtn4", "--profile", "paper"],
        `${commandLine}--profile is no setting of rtn4`,
      ],
      [[...good, "--prune", "0.5"], `${commandLine}--prune and --prune-layers go together`],
      [
        [...good, "--prune", "1", "--prune-layers", "1"],
        `${commandLine}--prune must be below 1, got 1`,
      ],
      [
        [...good, "--prune", "0.5", "--prune-layers", "1,3"],
        "Cannot prune tokens: layers of llama are 0..2",
      ],
      [
        [...good, "--prune", "0.5", "--prune-layers", "2,1"],
        "layers must be ascending integers from 0, got [2,1]",
      ],
      [
        [...good, "--window", "257"],
        "Cannot cut windows: the window of llama must be at most 256 tokens, got 257",
      ],
      [
        [...good, "--window", "160"],
        "Cannot cut windows: ids.json must have at least 160 tokens, got 150",
      ],
      [
        ["--model", at("weightless"), "--ids", at("missing.json")],
        `Cannot read ${at("missing.json")}: the file must exist`, // before weights are loaded
      ],
      [
        ["--model", at("hostile"), "--ids", at("ids.json"), "--window", "32"],
        `Cannot read ${at("hostile/pytorch_model.bin")}: its pickle must name nothing but what`,
      ],
      [
        [...good, "--method", "rtn4", "--damping", "0.1"],
        `${commandLine}--damping is no setting of`,
      ],
      [
        [...good, "--method", "rtn4", "--calibration", at("text.txt")],
        `${commandLine}--calibration must come with a method that calibrates, got "rtn4"`,
      ],
      [withIds("missing.json"), `Cannot read ${at("missing.json")}: the file must exist`],
      [withIds("."), `Cannot read ${at(".")}: it must be a file, not a folder or device`],
      [withIds("short.json"), "short.json must have at least 32 tokens, got 3"],
      [
        withIds("strange.json"),
        `Cannot use ${at("strange.json")}: token ids of llama are 0..511, got 512`,
      ],
      [
        withIds("huge.json"),
        `Cannot use ${at("huge.json")}: token ids of llama are 0..511, got 4294967296`,
      ],
      [
        withIds("negative.json"),
        `Cannot use ${at("negative.json")}: token ids of llama are 0..511, got -1`,
      ],
      [
        withIds("fractional.json"),
        `Cannot read ${at("fractional.json")}: it must be a JSON array of token ids, got 2.5`,
      ],
      [withIds("words.json"), 'it must be a JSON array of token ids, got "two"'],
      [withIds("nested.json"), "it must be a JSON array of token ids, got [1,2]"],
      [withIds("object.json"), 'it must be a JSON array of token ids, got {"ids":[1]}'],
      [withIds("broken.json"), `Cannot read ${at("broken.json")}: the file must be JSON`],
      [
        ["--model", at("model"), "--text", at("empty.txt")],
        "empty.txt must have at least 511 tokens, got 0",
      ],
      [
        ["--model", llama, "--text", at("text.txt")],
        `Cannot read ${llama}/tokenizer.json: the file must exist`,
      ],
      [
        ["--model", at("hollow"), "--ids", at("ids.json")],
        `Cannot load ${at("hollow")}: it must be the folder of a model, with config.json`,
      ],
      [
        [...good, "--method", "gptq4", "--calibration", at("short.json")],
        "Cannot draw calibration windows: short.json must have more than 32 tokens, got 3",
      ],
      [
        [...good, "--method", "gptq4", "--calibration", at("strange.json")],
        `Cannot use ${at("strange.json")}: token ids of llama are 0..511, got 512`,
      ],
      [
        [...good, "--method", "gptq4"],
        "Cannot calibrate llama: the built-in text needs a tokenizer: name another with --calibration",
      ],
      [
        [...good, "--seed", "4294967296"],
        `${commandLine}--seed must be an integer in 0..4294967295, got "4294967296"`,
      ],
    ];
    for (let start = 0; start < cases.length; start += atOnce) {
      await Promise.all(
        cases.slice(start, start + atOnce).map(async ([args, line]) => {
          const { code, out, err } = await run(...args);
          assertEquals(
            [code, out, err.split("\n").length],
            [2, "", 1],
            `${args.join(" ")}: ${err}`,
          );
          assertStringIncludes(err, line);
        }),
      );
    }
  }));

Deno.test("perplexity takes a GGUF file, which is settings, tokenizer and weights in one", () =>
  withFolder(async (folder) => {
    const text = `${folder}/text.txt`;
    await Deno.writeTextFile(text, "The river of the town, and the men in it. ".repeat(40));
    const model = "tests/golden/checkpoints/gguf/llama-f16.gguf";
    const options = ["--model", model, "--text", text, "--window", "32", "--json"];
    const { code, out } = await run(...options);
    assertEquals(code, 0);
    const report = JSON.parse(out);
    assertEquals(report.weights, await hashFile(model));
    const encoded = (await loadTokenizer(model)).encode(await Deno.readTextFile(text));
    assertEquals(report.text.tokens, encoded.length);
    const { name } = await openPublished(model);
    assertEquals(name, "llama-f16");
  }));

Deno.test("perplexity calls the model that a GGUF file is dequantized to by the file's form", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids.map((id) => id % 32)]);
    const model = "tests/golden/checkpoints/gguf/llama-q4_1.gguf";
    const options = ["--ids", `${folder}/ids.json`, "--window", "32", "--windows", "2"];
    const { code, out } = await run("--model", model, ...options, "--compare");
    assertEquals(code, 0);
    assertMatch(out, /^method +fp16 \(Dequantized Q4_1\)$/m);
    assertMatch(out, /^baseline +dequantized Q4_1$/m);
  }));
