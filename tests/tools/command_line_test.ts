import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { choiceOption, keptMeasurements } from "../../tools/command_line.ts";
import { runTool } from "./run_tool.ts";

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

for (const [what, ...args] of [["a result", "--window=64"], ["help", "--help"]]) {
  Deno.test({
    name: `main() says in one line that ${what} cannot be printed, as to a file on a full disk`,
    ignore: Deno.build.os !== "linux", // elsewhere there is no /dev/full
    async fn() {
      const program = `${import.meta.dirname}/example_program.ts`;
      const flags = ["run", "-q", "--no-prompt", "--allow-env", program, ...args];
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-c", 'exec "$0" "$@" > /dev/full', Deno.execPath(), ...flags],
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stderr).trimEnd().split("\n");
      const line = "Cannot write to standard output: the system must allow it, " +
        'got "No space left on device (os error 28)"';
      assertEquals([code, said.filter((line) => !line.startsWith("example: "))], [2, [line]]);
    },
  });
}

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
    [
      ["--window=9007199254740993"],
      '--window must be an integer of 2 or more, got "9007199254740993"',
    ],
    [["--window=1"], '--window must be an integer of 2 or more, got "1"'],
    [["--window=2.5"], '--window must be an integer of 2 or more, got "2.5"'],
    [["--file="], '--file must name a file or folder, got ""'],
    [["--window="], '--window must be an integer of 2 or more, got ""'],
    [["--beta=1.5"], '--beta must be a number in 0..1, got "1.5"'],
    [["--beta=0x1"], '--beta must be a number in 0..1, got "0x1"'],
    [["--bits=4,9"], '--bits must be an integer in 2..8, got "9"'],
    [["--bits=4,,8"], '--bits must be items and commas, got "4,,8"'],
    [["--bits=4", "--bits=8"], '--bits must be given once, got "8"'],
    [["--end=refuse", "--window=64", "--end=hang"], '--end must be given once, got "hang"'],
  ] as [string[], string][]
) {
  Deno.test(`main() answers ${args} with one line and status 2`, async () => {
    const { code, out, complaints } = await run(args);
    const expected = line.startsWith("--") ? `Cannot read the command line: ${line}` : line;
    assertEquals([code, out, complaints], [2, "", [expected]]);
  });
}

Deno.test("main() takes an option twice that gathers values, and one without a value", async () => {
  const { code, out } = await run(["--seed=1", "--seed=2", "--brief", "--brief"]);
  assertEquals([code, out], [0, "[1,2]"]);
});

Deno.test("keptMeasurements() does not say that a command goes on which measures all anew", () => {
  assertEquals(keptMeasurements("Cells are"), "Cells are kept: the same command goes on there.");
  const fresh = "Cells are kept: the same command without --fresh uses them.";
  assertEquals(keptMeasurements("Cells are", true), fresh);
});

Deno.test("choiceOption() takes one of its words and refuses others", () => {
  const parse = choiceOption("--profile", ["paper", "released"]);
  assertEquals(parse("released"), "released");
  assertThrows(
    () => parse("Paper"),
    InputError,
    'Cannot read the command line: --profile must be paper or released, got "Paper"',
  );
});

Deno.test("main() prints a line for each of many problems", async () => {
  const { code, out, complaints } = await run(["--end=problems"]);
  assertEquals([code, out, complaints.length], [2, "", 100]);
  assertMatch(complaints[99], /^row 99: no /);
});

Deno.test("main() answers a withheld permission with one line and status 2", async () => {
  const { code, complaints } = await run(["--end=permission"]);
  assertEquals(code, 2);
  assertEquals(complaints.length, 1);
  assertEquals(
    complaints[0],
    'Cannot get read access to "forbidden": deno.json must permit it to this command',
  );
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

/** Presses Ctrl-C once the program has printed its first line, and again half a second later. */
async function interrupt(args: string[], { twice = false } = {}) {
  const child = example(args);
  const complaints = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGINT");
  if (twice) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill("SIGINT");
  }
  while (!(await reader.read()).done);
  const { code, signal } = await child.status;
  return { code, signal, complaints: (await complaints).trimEnd().split("\n") };
}

const stopping = "Stopping at the next step. Press Ctrl-C again to stop at once.";

for (const how of ["--wait", "--compute"]) {
  Deno.test(`main() aborts the signal at Ctrl-C and exits with status 130: ${how}`, async () => {
    const { code, complaints } = await interrupt([how]);
    assertEquals(code, 130);
    assertEquals(complaints, ["example: started", stopping, "Interrupted."]);
  });
}

Deno.test("main() says after Ctrl-C what the tool has kept", async () => {
  const { complaints } = await interrupt(["--keep", "--wait"]);
  assertEquals(complaints.at(-1), "Interrupted. Half of it is kept.");
});

Deno.test("main() lets the second Ctrl-C end a tool that never looks at its signal", async () => {
  const { signal, complaints } = await interrupt(["--end=hang"], { twice: true });
  assertEquals(signal, "SIGINT");
  assertEquals(complaints, ["example: started", stopping]);
});

for (
  const [path, typedIn, expected] of [
    ["text.txt", undefined, "text.txt"],
    ["text.txt", Deno.cwd(), "text.txt"],
    ["text.txt", "/elsewhere", "/elsewhere/text.txt"],
    ["../text.txt", "/else/where", "/else/text.txt"],
    ["/text.txt", "/elsewhere", "/text.txt"],
  ] as const
) {
  Deno.test(`pathOption() takes ${path} typed in ${typedIn} for ${expected}`, async () => {
    const { out } = await run(["--file", path], { INIT_CWD: typedIn ?? "" });
    assertEquals(out.split("\n")[0], expected);
  });
}

Deno.test("main() complains about a wrong option before a missing one", async () => {
  const { code, err } = await runTool("generate", "evaluate", "--modle", "somewhere");
  assertEquals([code, err], [2, "error: unknown option '--modle' (Did you mean --model?)"]);
});
