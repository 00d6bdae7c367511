import { saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, randomIds, randomModel } from "../model/tiny_models.ts";
import { endOf, type ToolResult } from "../tools/run_tool.ts";
import { type Sabotage, sabotageVariable } from "./saboteur.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What a checkout needs so that its commands run, but for results. */
const linked = ["bench", "data", "experiments", "lib", "tests", "tools", "deno.json", "deno.lock"];

/** A command with its arguments, whose paths are those of a workplace. */
export interface CommandLine {
  tool: string;
  /** The name of its set of permissions. */
  permissions: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** What it writes: files and folders. */
  results: readonly string[];
}

const data = ["--model", "model", "--calibration", "others.json", "--window", "16"];

/** Measures three rows of a table, calibrated ones among them, and publishes it. */
export const reproduce: CommandLine = {
  tool: "reproduce",
  permissions: "reproduce",
  args: [
    ...["--table", "1", "--rows", "rtn4,gptq4,agileq-8", "--out", "out"],
    ...["--ids", "ids.json", "--windows", "12", ...data],
  ],
  results: ["results", "out"],
};

/** Writes a model with quantized weights, block by block. */
export const quantize: CommandLine = {
  tool: "quantize",
  permissions: "quantize",
  args: [
    ...["--method", "gptq4", "--group-size", "16", "--out", "quantized"],
    ...["--calibration-windows", "6", ...data],
  ],
  results: ["quantized"],
};

/** Downloads a model into a cache. */
export function download(hub: string): CommandLine {
  const env = { HF_HOME: "cache", HF_ENDPOINT: hub, HF_TOKEN: "", HF_HUB_CACHE: "" };
  return {
    tool: "download",
    permissions: "hub",
    args: ["org/tiny"],
    env: { ...env, HF_HUB_OFFLINE: "" },
    results: ["cache"],
  };
}

/** With several, short commands wait more for each other's threads than they compute. */
const oneThread = { AGILE_QUANT_THREADS: "1" };

/** A checkout of this project whose results are its own, with a tiny model and tokens. */
export class Workplace {
  private constructor(readonly folder: string) {}

  /** Runs a test in one, which is removed afterwards. */
  static with(test: (workplace: Workplace) => Promise<void>): Promise<void> {
    return withFolder(async (folder) => {
      for (const name of linked) await Deno.symlink(`${root}${name}`, `${folder}/${name}`);
      const sizes = { hiddenSize: 32, embeddingSize: 32, heads: 4, keyValueHeads: 4, headDim: 8 };
      const architecture = { ...families.llama, ...sizes, intermediateSize: 64, layers: 4 };
      await saveModel(await randomModel(architecture), `${folder}/model`, "F32");
      await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify([...randomIds(600, 1)]));
      await Deno.writeTextFile(`${folder}/others.json`, JSON.stringify([...randomIds(800, 2)]));
      await test(new Workplace(folder));
    });
  }

  /** Starts a command. */
  start(
    { tool, permissions, args, env }: CommandLine,
    sabotage?: Sabotage,
    prefix: readonly string[] = [],
  ): Deno.ChildProcess {
    const preload = sabotage ? ["--preload", "tests/endurance/saboteur.ts"] : [];
    const variables: Record<string, string> = sabotage
      ? { [sabotageVariable]: JSON.stringify(sabotage) }
      : {};
    const flags = ["run", "-q", "--no-prompt", ...preload, `-P=${permissions}`];
    const [program, ...others] = [...prefix, Deno.execPath()];
    return new Deno.Command(program, {
      args: [...others, ...flags, `tools/${tool}.ts`, ...args],
      cwd: this.folder,
      env: { ...oneThread, NO_COLOR: "1", INIT_CWD: this.folder, ...variables, ...env },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command to its end. */
  async run(command: CommandLine, sabotage?: Sabotage): Promise<ToolResult> {
    return await endOf(this.start(command, sabotage));
  }

  /** Removes what a command has written. */
  async clear({ results }: CommandLine): Promise<void> {
    for (const name of results) {
      await Deno.remove(`${this.folder}/${name}`, { recursive: true }).catch(() => {});
    }
  }

  /**
   * What a command has written: contents of files and targets of links by their paths, without temporary files and
   * without what measuring took.
   */
  async contents(command: CommandLine): Promise<Record<string, string>> {
    const paths = (await this.#pathsOf(command)).filter((path) => !isTemporary(path));
    const contents = paths.map(async (path): Promise<[path: string, content: string]> => {
      const whole = `${this.folder}/${path}`;
      const { isSymlink } = await Deno.lstat(whole);
      const content = isSymlink ? await Deno.readLink(whole) : await Deno.readFile(whole);
      return [path, typeof content === "string" ? content : withoutTimes(content)];
    });
    return Object.fromEntries(await Promise.all(contents));
  }

  /** The temporary files that a command has left. */
  async temporaryFiles(command: CommandLine): Promise<string[]> {
    return (await this.#pathsOf(command)).filter(isTemporary);
  }

  /** All files and links that a command has written, in order. */
  async #pathsOf({ results }: CommandLine): Promise<string[]> {
    const below = async (path: string): Promise<string[]> => {
      const entries = await Array.fromAsync(Deno.readDir(`${this.folder}/${path}`)).catch(() => []);
      const paths = entries.map(({ name, isDirectory }) =>
        isDirectory ? below(`${path}/${name}`) : [`${path}/${name}`]
      );
      return (await Promise.all(paths)).flat();
    };
    return (await Promise.all(results.map(below))).flat().sort();
  }
}

/** Whether a path is that of a temporary file, as `writeAtomically` writes it. */
function isTemporary(path: string): boolean {
  return /\.[0-9a-f-]{36}\.partial$/.test(path);
}

/** A content, each byte a character, without times and days, and without checksums that include them. */
function withoutTimes(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes)
    .replace(/"seconds": (\{[^}]*\}|[\d.]+)/g, "SECONDS")
    .replace(/"checksum": "[0-9a-f]+"/g, "CHECKSUM")
    .replace(/"date": "[\d-]+"/g, "DATE")
    .replace(/measured in [^"\n]* \(what rows share/g, "COSTS");
}
