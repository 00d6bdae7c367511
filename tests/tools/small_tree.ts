import { withFolder } from "../io/temporary_folder.ts";

/** Writes a file below a folder, and the folders it lies in. */
export async function writeFile(root: string, path: string, content: string): Promise<void> {
  await Deno.mkdir(`${root}/${path}`.replace(/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(`${root}/${path}`, content);
}

/** Runs a test in a folder that holds files, by their paths. */
export async function withFiles<Value>(
  files: Record<string, string>,
  test: (root: string) => Promise<Value>,
): Promise<Value> {
  let value: Value;
  await withFolder(async (root) => {
    for (const [path, content] of Object.entries(files)) await writeFile(root, path, content);
    value = await test(root);
  });
  return value!;
}
