import { cellFolder } from "../../tools/cell_store.ts";

/** Runs a test with a folder of its own where worker processes may write, which is removed afterwards. */
export async function withKeptFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = `${cellFolder}/${crypto.randomUUID()}`;
  await Deno.mkdir(folder, { recursive: true });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
