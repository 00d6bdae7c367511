import { assertEquals } from "@std/assert";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

for (
  const [args, line] of [
    [
      ["--part", "softpick,sparsemax"],
      "Cannot read the command line: --part must be quantization or softpick, " +
      'got "sparsemax"',
    ],
    [
      ["--steps", "0"],
      'Cannot read the command line: --steps must be an integer in 1..100000, got "0"',
    ],
    [
      ["--batch", "two"],
      'Cannot read the command line: --batch must be an integer in 1..64, got "two"',
    ],
    [
      ["llama", "mistral"],
      'Cannot read the command line: families must be llama or opt or bloom, got "mistral"',
    ],
    [
      ["--windows", "64"],
      "Cannot measure what training gives: windows must be 1..63, got 64",
    ],
  ] as const
) {
  Deno.test(`training answers ${args.join(" ")} with one line and status 2`, async () => {
    assertEquals(await runTool("training", "reproduce", ...args), { code: 2, out: "", err: line });
  });
}

Deno.test("training with --part drops no row of other lengths, and says so before it trains", () =>
  withFolder(async (folder) => {
    await Deno.copyFile("results/training.json", `${folder}/training.json`);
    const args = ["--part", "softpick", "--steps", "2", "--windows", "10", "--out", folder];
    const { code, out, err } = await runTool("training", "reproduce", ...args);
    assertEquals({ code, out, err }, {
      ...{ code: 2, out: "" },
      err:
        `Cannot add rows to ${folder}/training.json: its rows must be of the same model, texts, windows, ` +
        'settings and backend, or --out another folder, got "training/llama-encyclopedia/rounded/200x4/32"',
    });
  }));
