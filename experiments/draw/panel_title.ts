/** What a panel shows, behind its letter; of which model too, where a figure is about several. */
export function panelTitle(
  letter: string,
  what: string,
  { model, among }: { model: string; among: readonly unknown[] },
): string {
  return among.length > 1 ? `${letter}. ${model}: ${what}` : `${letter}. ${what}`;
}
