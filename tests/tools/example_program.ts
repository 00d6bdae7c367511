// A small tool that the tests of tools/command_line.ts run in a process of its own.
import { InputError, refuse } from "../../lib/core/mod.ts";
import {
  integerOption,
  listOption,
  main,
  numberOption,
  pathOption,
} from "../../tools/command_line.ts";

const endings: Record<string, () => unknown> = {
  refuse: () => refuse("quantize", "bits must be 2..8", 9),
  problems: () => {
    throw new InputError(
      ...Array.from({ length: 100 }, (_, row) => `row ${row}: ${"no ".repeat(20)}`),
    );
  },
  defect: () => undefined!["scale"],
  hang: () => {
    console.log("hanging");
    for (;;);
  },
  permission: () => Deno.readTextFileSync("forbidden"),
};

await main((program, session) => {
  const { progress, signal } = session;
  return program
    .name("example")
    .option("--window <tokens>", "an integer", integerOption("--window", 2), 2048)
    .option("--beta <share>", "a number", numberOption("--beta", 0, 1), 0)
    .option("--bits <list>", "a list", listOption("--bits", integerOption("--bits", 2, 8)), [4, 8])
    .option("--end <how>", "how to end")
    .option("--file <path>", "a path", pathOption("--file"))
    .option("--wait", "wait for Ctrl-C")
    .option("--compute", "compute without a pause until Ctrl-C")
    .option("--keep", "keep something")
    .option(
      "--seed <number>",
      "a seed; may be repeated",
      (text: string, seeds: number[]) => [...seeds, Number(text)],
      [] as number[],
    )
    .option("--brief", "say no more than the seeds")
    .action(async ({ window, beta, bits, end, file, wait, compute, keep, seed, brief }) => {
      if (brief) return console.log(JSON.stringify(seed));
      progress.start("example", 2);
      if (end) endings[end]();
      if (file) console.log(file);
      if (keep) session.kept = "Half of it is kept.";
      if (wait) {
        const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
        console.log("waiting");
        await stopped;
        signal.throwIfAborted();
      }
      if (compute) {
        console.log("computing");
        for (;;) signal.throwIfAborted();
      }
      progress.finish();
      console.log(JSON.stringify({ window, beta, bits }));
    });
});
