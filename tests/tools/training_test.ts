import { assertEquals } from "@std/assert";
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
  ] as const
) {
  Deno.test(`training answers ${args.join(" ")} with one line and status 2`, async () => {
    assertEquals(await runTool("training", "reproduce", ...args), { code: 2, out: "", err: line });
  });
}
