/** What runs a sweep in copies of the project, and reads what came of it. */
import { endOf, type ToolResult } from "../run_tool.ts";

/** What of the project its tools need. */
const parts = ["deno.json", "deno.lock", "lib", "experiments", "bench", "tools", "data"];

/** Copies the project to a new folder, without results, so that nothing is stored there. */
export async function copyProject(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const cwd = new URL("../../../", import.meta.url).pathname;
  const command = new Deno.Command("cp", { args: ["-r", ...parts, folder], cwd });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** The bundled models, as `--model` names them. */
export const bundled = ["llama", "opt", "bloom"].map((family) =>
  `data/models/${family}-encyclopedia`
);

/** A sweep over rows of tables formats, activation and rivals, on one window. */
export interface Sweep {
  models: readonly string[];
  rows: readonly string[];
}

const tables = ["formats", "activation", "rivals"];

/** Starts it in a copy of the project. */
export function startSweep(
  root: string,
  { models, rows }: Sweep,
  variables: Record<string, string> = {},
  ...args: string[]
): Deno.ChildProcess {
  const options = [
    ...["--table", tables.join(","), "--rows", rows.join(","), "--windows", "1"],
    ...models.flatMap((model) => ["--model", model]),
    ...["--out", `${root}/out`, ...args],
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "-P=reproduce", "tools/reproduce.ts", ...options],
    cwd: root,
    env: { NO_COLOR: "1", INIT_CWD: root, ...variables },
    ...{ stdout: "piped", stderr: "piped" } as const,
  }).spawn();
}

/** Runs it to its end. */
export async function runSweep(...of: Parameters<typeof startSweep>): Promise<ToolResult> {
  return await endOf(startSweep(...of));
}

/** The measured cells of the tables that it wrote, without what they took. */
export async function cellsIn(root: string): Promise<Record<string, unknown>> {
  const cells: Record<string, unknown> = {};
  for (const table of tables) {
    const record = JSON.parse(await Deno.readTextFile(`${root}/out/${table}.json`));
    for (const { id, result } of record.cells) cells[`${table}/${id}`] = result;
  }
  return cells;
}

/** How often each cell was measured to its end, by the name of its log. */
export async function storedTimes(root: string): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for await (const { name: sweep } of Deno.readDir(`${root}/results/.sweeps`)) {
    const logs = `${root}/results/.sweeps/${sweep}/logs`;
    for await (const { name } of Deno.readDir(logs)) {
      if (/^\d+_\d+\.log$/.test(name)) continue;
      const text = await Deno.readTextFile(`${logs}/${name}`);
      times.set(name, (times.get(name) ?? 0) + text.split(": stored\n").length - 1);
    }
  }
  return times;
}
