import { refuse } from "../../lib/core/mod.ts";
import type { CommandLine } from "./job_queue.ts";

/** How a program ended. */
export interface CommandResult {
  success: boolean;
  out: string;
  err: string;
}

/**
 * Runs a program to its end.
 *
 * @param action What it is for, as refusals put it.
 * @throws {InputError} If there is no such program.
 */
export async function runCommand(
  action: string,
  [program, ...args]: CommandLine,
): Promise<CommandResult> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
      .output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
    return { success, out, err };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return refuse(action, "its program must be on PATH", program);
  }
}

/** A command line as it is typed. */
export function typed(command: CommandLine): string {
  return command.map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  )
    .join(" ");
}
