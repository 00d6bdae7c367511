/**
 * Sixteen additions and exclusive ors in each of `count` rounds, each of which waits for the one
 * before: a round takes sixteen cycles.
 */
export function waitRounds(count: i32, x: i64, y: i64): i64 {
  for (let i = 0; i < count; i++) {
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
    x = (x + y) ^ y;
  }
  return x;
}
