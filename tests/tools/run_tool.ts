/** How a command-line tool ended. */
export interface ToolResult {
  code: number;
  out: string;
  err: string;
}

const root = new URL("../../", import.meta.url).pathname;

/** Starts a tool of `tools/` as its task does, with the permission set of that name. */
export function startTool(tool: string, permissions: string, ...args: string[]) {
  return startToolIn({}, tool, permissions, ...args);
}

/** Tools that take several models. */
const takesModels = ["reproduce", "figures", "ablations", "allocate"];

/**
 * A command line with the last value alone of an option that has several, of which tools would complain: so tests
 * vary a command line by what they put behind it.
 */
function varied(tool: string, args: readonly string[]): string[] {
  const nameOf = (arg: string) => arg.startsWith("--") ? arg.split("=")[0] : undefined;
  let name: string | undefined;
  const named = args.map((arg, index) => {
    const start = nameOf(arg) ? index : index - 1; // a value stands behind its name
    name = nameOf(arg) ?? (nameOf(args[index - 1] ?? "") && name);
    return { arg, name, start };
  });
  return named.filter(({ name, start }) =>
    name === undefined || (name === "--model" && takesModels.includes(tool)) ||
    !named.some((other) => other.name === name && other.start > start)
  ).map(({ arg }) => arg);
}

/** Starts it with further environment variables. */
export function startToolIn(
  variables: Record<string, string>,
  tool: string,
  permissions: string,
  ...args: string[]
) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      `-P=${permissions}`,
      `tools/${tool}.ts`,
      ...varied(tool, args),
    ],
    cwd: root,
    env: { NO_COLOR: "1", INIT_CWD: root, ...variables },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a tool to its end. */
export async function runTool(
  tool: string,
  permissions: string,
  ...args: string[]
): Promise<ToolResult> {
  return await endOf(startTool(tool, permissions, ...args));
}

/** Waits for a tool to end. */
export async function endOf(started: Deno.ChildProcess): Promise<ToolResult> {
  const { code, stdout, stderr } = await started.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, out: text(stdout), err: text(stderr) };
}
