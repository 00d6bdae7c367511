import { refuse, sha256 } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Notebook, resultStatement } from "./notebook.ts";

/** What to install where Jupyter is missing. */
export const jupyterPackages =
  "Jupyter's nbconvert (Debian: apt install jupyter-nbconvert; elsewhere: pip install nbconvert)";

const root = new URL("..", import.meta.url);

/** Whether notebooks can be executed on this machine. */
export async function hasJupyter(): Promise<boolean> {
  try {
    const command = new Deno.Command("jupyter", {
      args: ["nbconvert", "--version"],
      stdout: "null",
      stderr: "null",
    });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Passes notebooks through Jupyter's nbconvert, with this very Deno as their kernel. */
export class Jupyter {
  /** @param data The folder that describes the kernel to Jupyter. */
  private constructor(private readonly data: string) {}

  /** @throws {InputError} If Jupyter is not installed, saying what to install. */
  static async start(): Promise<Jupyter> {
    if (!await hasJupyter()) refuse("run notebooks", `${jupyterPackages} must be installed`);
    const argv = [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"];
    const spec = JSON.stringify({ argv, display_name: "Deno", language: "typescript" });
    // Called after what it holds, the folder stays: it is right for whoever else runs notebooks.
    const name = `.jupyter-${(await sha256(spec)).slice(0, 12)}`;
    const data = new URL(`results/${name}`, root).pathname;
    await writeAtomically(`${data}/kernels/deno/kernel.json`, spec);
    return new Jupyter(data);
  }

  /**
   * Runs every cell, in order, in the folder of the notebooks. Errors are outputs of their cells.
   *
   * @param onCell Told how many cells have been run.
   */
  async execute(
    notebook: Notebook,
    onCell: (finished: number) => void,
    signal?: AbortSignal,
  ): Promise<Notebook> {
    const cells = notebook.cells.map((cell) => {
      const result = resultStatement(cell) !== undefined;
      return { ...cell, metadata: { ...cell.metadata, result } };
    });
    const preprocessor = "execute_to_the_end.ExecuteToTheEnd";
    const output = await this.convert(
      { ...notebook, cells },
      ["--to", "notebook", `--NotebookExporter.preprocessors=${preprocessor}`],
      (line) => {
        const finished = line.match(/^finished cell (\d+)/);
        if (finished) onCell(Number(finished[1]));
      },
      signal,
    );
    return JSON.parse(output);
  }

  /** The cells and outputs as HTML, to be put into a page. */
  async toHtml(notebook: Notebook, signal?: AbortSignal): Promise<string> {
    return await this.convert(notebook, ["--to", "html", "--template", "basic"], () => {}, signal);
  }

  private async convert(
    notebook: Notebook,
    args: string[],
    onLine: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<string> {
    const process = new Deno.Command("jupyter", {
      args: ["nbconvert", ...args, "--stdin", "--stdout"],
      cwd: new URL("notebooks/", root),
      env: { JUPYTER_PATH: this.data, PYTHONPATH: new URL("tools/jupyter", root).pathname },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // At SIGINT, unlike SIGTERM, nbconvert ends its kernel as well.
    const interrupt = () => process.kill("SIGINT");
    signal?.addEventListener("abort", interrupt);
    const log: string[] = [];
    const [, output] = await Promise.all([
      new Blob([JSON.stringify(notebook)]).stream().pipeTo(process.stdin),
      new Response(process.stdout).text(),
      (async () => {
        const lines = process.stderr.pipeThrough(new TextDecoderStream());
        for await (const part of lines) {
          for (const line of part.split("\n")) {
            log.push(line);
            onLine(line);
          }
        }
      })(),
    ]);
    const { success } = await process.status;
    signal?.removeEventListener("abort", interrupt);
    signal?.throwIfAborted();
    if (!success) throw new Error(`nbconvert failed:\n${log.join("\n")}`);
    return output;
  }
}
