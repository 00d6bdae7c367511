import { type DownloadPlan, missingBytes, type WantedFile } from "../lib/io/mod.ts";

/**
 * What several downloads would bring, file by file, and how many bytes would come in all. What has the same
 * content as a file before, or is that file again, comes once.
 */
export function describePlans(plans: readonly (readonly [name: string, DownloadPlan])[]): string {
  const all = plans.flatMap(([, { files }]) => files);
  const pathLength = Math.max(...all.map(({ file }) => file.path.length));
  const sizeLength = Math.max(...all.map(({ file }) => grouped(file.size).length));
  const planned = new Set<string>();
  const line = (wanted: WantedFile) => {
    const { file: { path, size }, place: { blob } } = wanted;
    const isRepeated = planned.has(blob);
    planned.add(blob);
    const name = path.padEnd(pathLength);
    const bytes = `${grouped(size).padStart(sizeLength)} bytes`;
    return `  ${name}  ${bytes}  ${isRepeated ? "as above" : describeState(wanted)}`;
  };
  return [
    ...plans.flatMap(([name, { commit, files }]) => [
      `${name} at ${commit.slice(0, 12)}:`,
      ...files.map(line),
    ]),
    `${grouped(missingBytes(all))} bytes to download`,
  ].join("\n");
}

function describeState({ file: { size }, there, isLinked }: WantedFile): string {
  if (isLinked || there === size) return "in the cache";
  return there > 0 ? `to download, but for ${grouped(there)} in the cache` : "to download";
}

/** `1,234,567` */
function grouped(count: number): string {
  return count.toLocaleString("en");
}
