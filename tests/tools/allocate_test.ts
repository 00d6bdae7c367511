import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeJson } from "../../lib/core/mod.ts";
import { saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { runTool } from "./run_tool.ts";

for (
  const [args, line] of [
    [
      ["--method", "rtn4,awq4"],
      'Cannot read the command line: --method must be rtn4 or gptq4 or smoothquant or spqr4 or spqr3 or crossquant-w8a8 or crossquant-w4a8 or crossquant-w4a4 or shiftadd3-acc or shiftadd3-lat or zeroquant-fp-int8 or zeroquant-fp-int4 or zeroquant-fp-lorc or bitmod4 or bitmod3 or bipolar4 or agileq-8 or agileq-8-activations or agileq-8-eq3 or agileq-4 or agileq-4/8 or agileq-8-rotated or agileq-4-rotated, got "awq4"',
    ],
    [["--bits", "9"], 'Cannot read the command line: --bits must be an integer in 2..8, got "9"'],
    [["--windows", "2"], "Cannot read the command line: --windows must come with --model"],
    [
      ["--method", "rtn4", "--activation-bits", "7"],
      "Cannot read the command line: --activation-bits must come with a --method that shares out " +
      'bits of activations, got ["rtn4"]',
    ],
    [
      ["--method", "agileq-8-activations", "--bits", "3"],
      "Cannot read the command line: --bits must come with a --method that shares out bits of " +
      'weights, got ["agileq-8-activations"]',
    ],
  ] as const
) {
  Deno.test(`allocate answers ${args.join(" ")} with one line and status 2`, async () => {
    const result = await runTool("allocate", "reproduce", ...args);
    assertEquals(result, { code: 2, out: "", err: line });
  });
}

Deno.test("allocate names bits that a method has not, before it measures, with status 2", async () => {
  const args = ["--method", "smoothquant", "--activation-bits", "7,7"];
  const { code, out, err } = await runTool("allocate", "reproduce", ...args);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "smoothquant: activations must have 3, 4, 5, 6, 8 bits, got 7");
});

Deno.test("allocate of a model of one's own writes its table, with verdicts and cells", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), `${folder}/tiny`, "F16");
    const run = Date.now(); // no run before has stored rows of this text
    const ids = Array.from(
      { length: 96 },
      (_, i) => (7 * i * i + 3 * i + Math.floor(run / 2 ** (i % 32))) % 50,
    );
    await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify(ids));
    const args = [
      ...["--model", `${folder}/tiny`, "--ids", `${folder}/ids.json`],
      ...["--calibration", `${folder}/ids.json`, "--window", "32"],
      ...[
        "--method",
        "rtn4,smoothquant",
        "--bits",
        "3",
        "--activation-bits",
        "4",
        "--out",
        `${folder}/out`,
        "--fresh",
      ],
    ];
    const { code, out, err } = await runTool("allocate", "reproduce", ...args);
    assertEquals(code, 0, err);
    assertMatch(out, /SmoothQuant +activations +allocated/);
    assertStringIncludes(out, "Measured 4 rows, used 0 measured before.");
    const text = await Deno.readTextFile(`${folder}/out/allocation.json`);
    const { claims, cells } = decodeJson(text) as Record<string, { length: number }>;
    assertEquals([claims.length, cells.length], [2, 4]);

    const four = args.map((each, at) => args[at - 1] === "--bits" ? "4" : each);
    const more = await runTool("allocate", "reproduce", ...four.slice(0, -1));
    assertEquals(more.code, 0, more.err);
    assertMatch(more.out, /: measured earlier, by the code of commit .*: rtn4-weights-3; /);
    const record = decodeJson(await Deno.readTextFile(`${folder}/out/allocation.json`)) as {
      cells: { row: string }[];
    };
    assertEquals(record.cells.map(({ row }) => row).slice(0, 4), [
      ...["rtn4-weights-3", "rtn4-weights-3-allocated"],
      ...["rtn4-weights-4", "rtn4-weights-4-allocated"],
    ]);
    const other = [...four, "--windows", "2"];
    const { code: refused, err: line } = await runTool("allocate", "reproduce", ...other);
    assertEquals([refused, line.includes(`Cannot add rows to ${folder}/out/allocation.json: `)], [
      2,
      true,
    ]);
  }));
