// A program that the tests of tools/worker_process.ts run in a process of its own: it measures the cells
// in the file named first in two worker processes, whose ids it prints, and stores them in the folder
// named second.
import { decodeJson } from "../../lib/core/mod.ts";
import { type CellSpec, processes, runCells } from "../../lib/sweep/mod.ts";
import { fileCellStore } from "../../tools/cell_store.ts";
import { main } from "../../tools/command_line.ts";
import { startWorkerProcess } from "../../tools/worker_process.ts";

await main((program, { progress, signal }) =>
  program.argument("<cells>").argument("<store>").action(async (path: string, folder: string) => {
    const cells = decodeJson(await Deno.readTextFile(path)) as CellSpec[];
    await using executor = processes(2, () => {
      const worker = startWorkerProcess(Deno.execPath(), { keep: 1, threads: 1 });
      console.log(worker.pid);
      return worker;
    });
    const store = fileCellStore(folder);
    await runCells(cells, { executor, store, fingerprint: "v1", progress, signal });
  })
);
