/**
 * Files that import themselves by way of others, each named in at least one circle, the shortest
 * through one of them.
 *
 * @param imports What each file imports; files that have no entry import nothing.
 * @returns The files of each circle in order: each imports the next, the last the first.
 */
export function importCircles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  for (const file of imports.keys()) {
    if (circles.some((circle) => circle.includes(file))) continue;
    const circle = shortestCircle(file, imports);
    if (circle) circles.push(circle);
  }
  return circles;
}

/** Breadth first from a file back to it. */
function shortestCircle(
  start: string,
  imports: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const importerOf = new Map<string, string>();
  const reached = [start];
  for (const importer of reached) { // grows on the way
    for (const file of imports.get(importer) ?? []) {
      if (file === start) return wayTo(importer, importerOf);
      if (importerOf.has(file)) continue;
      importerOf.set(file, importer);
      reached.push(file);
    }
  }
}

function wayTo(end: string, importerOf: ReadonlyMap<string, string>): string[] {
  const importer = importerOf.get(end);
  return importer === undefined ? [end] : [...wayTo(importer, importerOf), end];
}
