import { entriesOf, removeFile } from "./files.ts";
import { removeLeftovers } from "./write.ts";

/**
 * Removes the files of a folder that are one's own, what writing them left, and the folder, unless others have put
 * something there.
 *
 * @param isOwn Whether a file of that name is.
 * @throws {InputError} If something else is in it, or the system does not allow it.
 */
export async function removeOwnFolder(
  folder: string,
  isOwn: (name: string) => boolean,
): Promise<void> {
  const action = `remove ${folder}`;
  await removeLeftovers(folder, { all: true });
  for (const { name, isFile } of await entriesOf(folder)) {
    if (isFile && isOwn(name)) await removeFile(`${folder}/${name}`, action);
  }
  await removeFile(folder, action);
}
