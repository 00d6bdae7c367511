import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import { runCommand, typed } from "../../../tools/batch/run_command.ts";

Deno.test("runCommand() says how a program ended, and what it printed", async () => {
  const script = "echo out; echo err >&2; exit 3";
  const ended = await runCommand("ask", ["sh", "-c", script]);
  assertEquals(ended, { success: false, out: "out", err: "err" });
});

Deno.test("runCommand() refuses a program that is not there", async () => {
  const message = 'Cannot ask: its program must be on PATH, got "no-such-program"';
  await assertRejects(() => runCommand("ask", ["no-such-program"]), InputError, message);
});

Deno.test("runCommand() runs a program where Ctrl-C in a terminal does not reach it", async () => {
  const groupOf = async (pid: string) =>
    (await runCommand("ask", ["sh", "-c", `ps -o pgid= -p ${pid}`])).out;
  const [own, its] = [await groupOf(`${Deno.pid}`), await groupOf("$$")];
  assertMatch(its, /^\d+$/);
  assertNotEquals(its, own);
});

Deno.test("typed() quotes the words of a command that a shell would change", () => {
  assertEquals(
    typed(["sbatch", "--array=0-3", "it's", "a b"]),
    `sbatch --array=0-3 'it'\\''s' 'a b'`,
  );
});
