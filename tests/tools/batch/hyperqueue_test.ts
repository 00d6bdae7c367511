import { assertEquals, assertMatch } from "@std/assert";
import { withFolder } from "../../io/temporary_folder.ts";
import { endOf } from "../run_tool.ts";
import { signalProcesses, until } from "./host_processes.ts";
import { cellsIn, copyProject, runSweep, startSweep, storedTimes } from "./sweep_run.ts";

const sweep = {
  models: ["data/models/llama-encyclopedia"],
  rows: ["fp16", "rtn4", "fp8", "fp6", "mxfp4", "bipolar4"],
};

/** A Python that has the package hyperqueue. */
const python = Deno.env.get("AGILE_QUANT_HYPERQUEUE");

/** Starts HyperQueue's server and a worker of two cores, with the stand-in of `hq` on the PATH. */
async function withHyperqueue(
  test: (variables: Record<string, string>, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const here = new URL(".", import.meta.url).pathname;
    const server = new Deno.Command(python!, {
      args: [`${here}hyperqueue_server.py`, `${folder}/server`, "2"],
      ...{ stdin: "piped", stdout: "null", stderr: "null" } as const,
    }).spawn();
    await Deno.mkdir(`${folder}/bin`);
    const hq = `#!/bin/sh\nexec '${python}' '${here}hq_stand_in.py' "$@"\n`;
    await Deno.writeTextFile(`${folder}/bin/hq`, hq, { mode: 0o755 });
    const access = `${folder}/server/hq-current/access.json`;
    await until(() => Deno.stat(access).then(() => true, () => false));
    try {
      const path = `${folder}/bin:${Deno.env.get("PATH")}`;
      await test({ HQ_SERVER_DIR: `${folder}/server`, PATH: path }, folder);
    } finally {
      await server.stdin.close();
      await server.status;
    }
  });
}

Deno.test(
  "hyperqueue() runs a sweep, with a stand-in for hq before HyperQueue's server, though a task is killed",
  { ignore: python === undefined },
  () =>
    withHyperqueue(async (variables, folder) => {
      const [there, here] = [`${folder}/there`, `${folder}/here`];
      for (const root of [there, here]) await copyProject(root);
      const running = startSweep(there, sweep, variables, "--executor", "hyperqueue");
      const task = [`HQ_SUBMIT_DIR=${there}`, "HQ_TASK_ID=3"];
      await until(() => signalProcesses(task, "KILL"));
      const { code, err } = await endOf(running);
      assertEquals(code, 0, err);
      assertMatch(err, /^6 cells in HyperQueue: finished/m);

      const alone = await runSweep(here, sweep);
      assertEquals(alone.code, 0, alone.err);
      assertEquals(await cellsIn(there), await cellsIn(here));
      const times = await storedTimes(there);
      assertEquals([...times].filter(([, count]) => count !== 1), []);
      const done = await runSweep(there, sweep, variables, "--executor", "hyperqueue");
      assertEquals([done.code, done.out.includes("Nothing has changed")], [0, true]);
    }),
);
