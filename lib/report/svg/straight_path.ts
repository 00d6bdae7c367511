/** The part of a DOM path that is read here. */
interface PathElement {
  getAttribute(name: string): string | null;
}

/** Of a path that is one straight line, as those of arrows are: its length, CSS pixels. */
export function lineLength(path: PathElement): number {
  const { from, to } = ends(path);
  return Math.hypot(to.x - from.x, to.y - from.y);
}

/** The point of a straight line at a distance from its beginning. */
export function pointAt(path: PathElement, distance: number): { x: number; y: number } {
  const { from, to } = ends(path);
  const share = distance / (lineLength(path) || 1);
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}

function ends(path: PathElement) {
  const numbers = (path.getAttribute("d") ?? "").match(/-?[\d.]+(e-?\d+)?/g)!.map(Number);
  const [x, y] = numbers;
  return { from: { x, y }, to: { x: numbers.at(-2)!, y: numbers.at(-1)! } };
}
