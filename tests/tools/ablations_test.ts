import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "../../lib/io/mod.ts";
import { decodeJson } from "../../lib/core/mod.ts";
import { saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { runTool } from "./run_tool.ts";

for (
  const [args, line] of [
    [
      ["--part", "softmax,sum"],
      "Cannot read the command line: --part must be softmax or powers or steps or firstToken or importance or " +
      'positions, got "sum"',
    ],
    [["--model", "nowhere"], "Cannot load nowhere: the folder must exist"],
    [["--windows", "2"], "Cannot read the command line: --windows must come with --model"],
  ] as const
) {
  Deno.test(`ablations answers ${args.join(" ")} with one line and status 2`, async () => {
    const result = await runTool("ablations", "reproduce", ...args);
    assertEquals(result, { code: 2, out: "", err: line });
  });
}

Deno.test("ablations of a model of one's own writes its table, with verdicts and cells", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), `${folder}/tiny`, "F16");
    const ids = Array.from({ length: 96 }, (_, i) => (7 * i * i + 3 * i) % 50);
    await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify(ids));
    const args = [
      ...["--model", `${folder}/tiny`, "--ids", `${folder}/ids.json`],
      ...["--calibration", `${folder}/ids.json`, "--window", "32"],
      ...["--part", "steps,positions", "--out", `${folder}/out`, "--fresh"],
    ];
    const dry = await runTool("ablations", "reproduce", ...args, "--dry-run");
    assertEquals(dry.code, 0, dry.err);
    assertMatch(dry.out, /^Ablations of tiny .*: what rows take\n/);
    assertMatch(dry.out, /\npruned-keep +.* s in all for 3 windows of 32 tokens/s);
    assertEquals(await exists(`${folder}/out/ablations.json`), false);
    const { code, out, err } = await runTool("ablations", "reproduce", ...args);
    assertEquals(code, 0, err);
    assertMatch(out, /steps of each token, dynamic/);
    assertStringIncludes(out, "Measured 4 cells, used 0 measured before.");
    const text = await Deno.readTextFile(`${folder}/out/ablations.json`);
    const { table, claims, cells } = decodeJson(text) as Record<string, { length: number }>;
    assertEquals([claims.length, cells.length], [2, 4]);
    assertEquals(Object.keys(table).includes("rows"), true);
  }));
