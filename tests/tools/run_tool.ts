/** How a command-line tool ended. */
export interface ToolResult {
  code: number;
  out: string;
  err: string;
}

const root = new URL("../../", import.meta.url).pathname;

/** Runs a tool of `tools/` as its task does, with the permission set of that name. */
export async function runTool(
  tool: string,
  permissions: string,
  ...args: string[]
): Promise<ToolResult> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", `-P=${permissions}`, `tools/${tool}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, out: text(stdout), err: text(stderr) };
}
