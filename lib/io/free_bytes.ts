import { statfs } from "node:fs/promises";

/** How much room a folder's disk has, in bytes; undefined where that may not be asked or is not known. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { state } = await Deno.permissions.query({ name: "sys", kind: "statfs" });
    if (state !== "granted") return undefined;
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
