/** A count with its noun: `1 window`, `2 windows`, `0 entries` with the plural `entries`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
