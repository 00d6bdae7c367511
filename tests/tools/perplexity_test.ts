import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawCalibration } from "../../experiments/calibration.ts";
import { pruningFor } from "../../experiments/pruning_plan.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { methods, quantizedForward, quantizeWeights } from "../../lib/methods/mod.ts";
import { disposeModel } from "../../lib/model/mod.ts";
import { loadTokenizer } from "../../lib/io/mod.ts";
import { randomIds, withModel } from "../eval/tiny_models.ts";
import { writeTinyModel } from "../experiments/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

const llama = "tests/golden/hf/llama";
const ids = randomIds(150, 1);
const calibrationIds = randomIds(120, 2);

/** Processes that run at the same time. */
const atOnce = 6;

const run = (...args: string[]) => runTool("perplexity", "evaluate", ...args);

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

      const { seconds, tokensPerSecond, matrixProduct, ...report } = JSON.parse(json.out);
      assertEquals(report, {
        model: llama,
        method: "fp16",
        startToken: { place: "none" },
        window: 32,
        windows: 4,
        perplexity: { value, low, high },
        scored: 124,
      });
      assertEquals(Math.round(seconds * tokensPerSecond), 128);

      const lines = human.out.split("\n");
      const interval = `[${low!.toFixed(4)}, ${high!.toFixed(4)}] (95 %)`;
      assertEquals(lines.slice(0, 5), [
        `model               ${llama}`,
        "method              fp16",
        "start token         none",
        `perplexity          ${value.toFixed(4)} ${interval}`,
        "scored              124 tokens in 4 windows of 32",
      ]);
      assertEquals(lines.length, 6);
      assertStringIncludes(lines[5], `tokens/s (${matrixProduct})`);
      assertStringIncludes(human.err, "windows: finished");
    });
  }));

Deno.test("perplexity of a pruned, quantized model is that of the library, with its control", () =>
  withFolder(async (folder) => {
    await write(`${folder}/ids.json`, [...ids]);
    await write(`${folder}/calibration.json`, [...calibrationIds]);
    const { code, out } = await run(
      ...["--model", llama, "--ids", `${folder}/ids.json`, "--window", "32", "--json"],
      ...["--method", "agileq-8", "--profile", "released", "--positions", "keep"],
      ...["--prune", "0.3", "--prune-layers", "0,2", "--seed", "5"],
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
      const method = methods["agileq-8"];
      const model = await quantizeWeights(full, method, () => drawn);
      const pruning = pruningFor(full, { beta: 0.3, layers: [0, 2], positions: "keep" });
      const forward = quantizedForward(model, method, "released", () => drawn, pruning);
      const expected = await perplexity(model, ids, { window: 32, ...forward });
      disposeModel(model, full);
      assertEquals(report.perplexity, expected.perplexity);
      assertEquals(report.allPositions, expected.allPositions);
      assertEquals(report.scored, expected.scored);
    });
    assertEquals(report.denseOnSurvivors.value > 1, true);
    assertEquals(report.profile, "released");
    const source = `${folder}/calibration.json: 4 windows of 32, seed 5`;
    assertEquals(report.calibration, source);
  }));

Deno.test("perplexity of a text calibrates on the built-in encyclopedia by itself", () =>
  withFolder(async (folder) => {
    await writeTinyModel(folder);
    const text = "The old bridge of the town was built by hand. ".repeat(20);
    await Deno.writeTextFile(`${folder}/text.txt`, text);
    const { code, out } = await run(
      ...["--model", folder, "--text", `${folder}/text.txt`, "--window", "16", "--json"],
      ...["--method", "agileq-8", "--calibration-windows", "2"],
    );
    assertEquals(code, 0);
    const { windows, calibration, profile } = JSON.parse(out);
    const tokens = (await loadTokenizer(folder)).encode(text).length;
    assertEquals(windows, Math.floor(tokens / 15)); // and the start token
    assertEquals(calibration, "the built-in encyclopedia: 2 windows of 16, seed 0");
    assertEquals(profile, "paper");
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

    const commandLine = "Cannot read the command line: ";
    const good = ["--model", llama, "--ids", at("ids.json"), "--window", "32"];
    const withIds = (name: string) => ["--model", llama, "--ids", at(name), "--window", "32"];
    const cases: [args: string[], line: string][] = [
      [[], "error: required option '--model <folder>' not specified"],
      [["--model", llama], `${commandLine}give either --text or --ids`],
      [[...good, "--text", at("text.txt")], `${commandLine}give either --text or --ids`],
      [
        [...good, "--method", "awq"],
        "Cannot choose a method: it must be fp16, rtn4, gptq4, agileq-8",
      ],
      [
        [...good, "--profile", "mine"],
        `${commandLine}--profile must be paper or released, got "mine"`,
      ],
      [
        [...good, "--positions", "mine"],
        `${commandLine}--positions must be renumber or keep, got "mine"`,
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
        `${commandLine}--window must be at most 256 with llama, got 257`,
      ],
      [
        [...good, "--window", "160"],
        "Cannot cut windows: the text must have at least 160 tokens, got 150",
      ],
      [withIds("missing.json"), `Cannot read ${at("missing.json")}: the file must exist`],
      [withIds("."), `Cannot read ${at(".")}: it must be a file, not a folder or device`],
      [withIds("short.json"), "the text must have at least 32 tokens, got 3"],
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
        "the text must have at least 511 tokens, got 0",
      ],
      [
        ["--model", llama, "--text", at("text.txt")],
        `Cannot read ${llama}/tokenizer.json: the file must exist`,
      ],
      [
        ["--model", at("hollow"), "--ids", at("ids.json")],
        `Cannot read ${at("hollow/config.json")}: the file must exist`,
      ],
      [
        [...good, "--method", "gptq4", "--calibration", at("short.json")],
        "Cannot draw calibration windows: the text must have more than 32 tokens, got 3",
      ],
      [
        [...good, "--method", "gptq4", "--calibration", at("strange.json")],
        `Cannot use ${at("strange.json")}: token ids of llama are 0..511, got 512`,
      ],
      [
        [...good, "--method", "gptq4"],
        `Cannot read ${llama}/tokenizer.json: the file must exist`,
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
