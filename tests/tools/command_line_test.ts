import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { choiceOption } from "../../tools/command_line.ts";

function example(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      "--allow-env",
      `${import.meta.dirname}/example_program.ts`,
      ...args,
    ],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function outputOf(child: Deno.ChildProcess) {
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  const complaints = text(stderr).split("\n").filter((line) => !line.startsWith("example: "));
  return { code, out: text(stdout), complaints };
}

const run = (args: string[], env?: Record<string, string>) => outputOf(example(args, env));

Deno.test("main() ends well with status 0", async () => {
  const { code, out, complaints } = await run(["--window=64", "--beta=.25", "--bits=2, 4"]);
  assertEquals(JSON.parse(out), { window: 64, beta: 0.25, bits: [2, 4] });
  assertEquals([code, complaints], [0, []]);
});

Deno.test("main() prints help with status 0", async () => {
  const { code, out, complaints } = await run(["--help"]);
  assertStringIncludes(out, "--window <tokens>");
  assertEquals([code, complaints], [0, [""]]);
});

for (
  const [args, line] of [
    [["--end=refuse"], "Cannot quantize: bits must be 2..8, got 9"],
    [["--windw=3"], "error: unknown option '--windw=3' (Did you mean --window?)"],
    [["--window"], "error: option '--window <tokens>' argument missing"],
    [["surplus"], "error: too many arguments. Expected 0 arguments but got 1: surplus."],
    [["--window=abc"], '--window must be an integer of 2 or more, got "abc"'],
    [["--window=1"], '--window must be an integer of 2 or more, got "1"'],
    [["--window=2.5"], '--window must be an integer of 2 or more, got "2.5"'],
    [["--window="], '--window must be an integer of 2 or more, got ""'],
    [["--beta=1.5"], '--beta must be a number in 0..1, got "1.5"'],
    [["--beta=0x1"], '--beta must be a number in 0..1, got "0x1"'],
    [["--bits=4,9"], '--bits must be an integer in 2..8, got "9"'],
    [["--bits=4,,8"], '--bits must be items and commas, got "4,,8"'],
  ] as [string[], string][]
) {
  Deno.test(`main() answers ${args} with one line and status 2`, async () => {
    const { code, out, complaints } = await run(args);
    const expected = line.startsWith("--") ? `Cannot read the command line: ${line}` : line;
    assertEquals([code, out, complaints], [2, "", [expected]]);
  });
}

Deno.test("choiceOption() takes one of its words and refuses others", () => {
  const parse = choiceOption("--profile", ["paper", "released"]);
  assertEquals(parse("released"), "released");
  assertThrows(
    () => parse("Paper"),
    InputError,
    'Cannot read the command line: --profile must be paper or released, got "Paper"',
  );
});

Deno.test("main() answers a withheld permission with one line and status 2", async () => {
  const { code, complaints } = await run(["--end=permission"]);
  assertEquals(code, 2);
  assertEquals(complaints.length, 1);
  assertMatch(complaints[0], /^Requires read access to "forbidden"/);
});

Deno.test("main() reports a defect with status 1, its stack on demand", async () => {
  const message = /^Internal error: Cannot read properties of undefined .* \(please report\)$/;
  const brief = await run(["--end=defect"]);
  assertEquals([brief.code, brief.complaints.length], [1, 1]);
  assertMatch(brief.complaints[0], message);
  const full = await run(["--end=defect"], { AGILE_QUANT_DEBUG: "1" });
  assertEquals(full.code, 1);
  assertMatch(full.complaints[0], message);
  assert(full.complaints.some((line) => line.includes("example_program.ts")));
});

Deno.test("main() aborts the signal at Ctrl-C and exits with status 130", async () => {
  const child = example(["--wait"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "waiting\n");
  child.kill("SIGINT");
  const complaints = await new Response(child.stderr).text();
  await reader.cancel();
  assertEquals((await child.status).code, 130);
  assertEquals(complaints.split("\n"), [
    "example: started",
    "Stopping at the next step. Press Ctrl-C again to stop at once.",
    "Interrupted. What was finished is kept; reproduce and train resume there.",
    "",
  ]);
});
