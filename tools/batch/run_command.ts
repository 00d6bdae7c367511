import { refuse } from "../../lib/core/mod.ts";
import type { CommandLine } from "./job_queue.ts";

/** How a program ended. */
export interface CommandResult {
  success: boolean;
  out: string;
  err: string;
}

/**
 * Runs a program to its end. Ctrl-C, which a terminal sends to all that a command has started, does not reach it: a
 * job that is being submitted is submitted, and its id known.
 *
 * @param action What it is for, as refusals put it.
 * @throws {InputError} If there is no such program.
 */
export async function runCommand(
  action: string,
  [program, ...args]: CommandLine,
): Promise<CommandResult> {
  try {
    const piped = { stdout: "piped", stderr: "piped" } as const;
    const options = { args, stdin: "null", detached: true, ...piped } as const;
    // Deno's output() does not detach.
    const { success, stdout, stderr } = await new Deno.Command(program, options).spawn().output();
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
