/**
 * Makes something of every item, or of none: what is made already is freed where a later one is refused.
 *
 * @returns In the order of the items; the caller's to free.
 */
export function makeAll<Item, Made extends Disposable>(
  items: readonly Item[],
  make: (item: Item) => Made,
): Made[] {
  using made = new DisposableStack();
  const all = items.map((item) => made.use(make(item)));
  made.move();
  return all;
}
