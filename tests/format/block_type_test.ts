import { assertEquals } from "@std/assert";
import { halfAt } from "../../lib/format/block_type.ts";

Deno.test("halfAt() reads a little-endian binary16, at odd bytes too", () => {
  const data = Uint8Array.of(9, 0x00, 0x3c, 0x01, 0x80, 0xff, 0x7b);
  assertEquals([1, 3, 5].map((at) => halfAt(data, at)), [1, -(2 ** -24), 65504]);
});
