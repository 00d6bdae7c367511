import { resolve } from "node:path";

/** The folder or GGUF file of a model and what to call the model. */
export interface NamedFolder {
  folder: string;
  name: string;
}

/**
 * Names for the models in some folders, all different: what their folders, or files without `.gguf`, are
 * called or, where two are called alike, as much of the path in front as tells them apart.
 *
 * @param folders One that stands here twice counts once.
 * @param taken The names of other models.
 */
export function nameModels(
  folders: readonly string[],
  taken: readonly string[] = [],
): NamedFolder[] {
  const paths = new Map(folders.map((folder) => [resolve(folder).replaceAll("\\", "/"), folder]));
  const suffix = (path: string, parts: number) =>
    path.split("/").slice(-parts).join("/").replace(/\.gguf$/, "");
  return [...paths].map(([path, folder]) => {
    const others = [...paths.keys()].filter((other) => other !== path);
    const isFree = (name: string, parts: number) =>
      !taken.includes(name) && others.every((other) => suffix(other, parts) !== name);
    const names = path.split("/").map((_, index) => suffix(path, index + 1));
    const free = names.find((name, index) => isFree(name, index + 1));
    return { folder, name: free ?? path };
  });
}
