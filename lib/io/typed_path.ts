import { isAbsolute, join, relative } from "node:path";

/**
 * A path that somebody typed, on the command line or into a variable: relative to where the command was
 * typed (the variable INIT_CWD), which `deno task` leaves for the folder of the project.
 */
export function typedPath(path: string): string {
  const typedIn = Deno.env.get("INIT_CWD") ?? "";
  const isHere = relative(typedIn, "") === "";
  return isHere || isAbsolute(path) ? path : join(typedIn, path);
}
