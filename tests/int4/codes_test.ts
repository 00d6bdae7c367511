import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { fromOffsetBinary, SIGNED_ZERO_POINT, toOffsetBinary } from "../../lib/int4/mod.ts";

Deno.test("toOffsetBinary() and fromOffsetBinary() map -8..7 to 0..15 and back", () => {
  const values = Int8Array.from({ length: 16 }, (_, code) => code - SIGNED_ZERO_POINT);
  const codes = Uint8Array.from({ length: 16 }, (_, code) => code);
  assertEquals(toOffsetBinary(values), codes);
  assertEquals(fromOffsetBinary(codes), values);
});

Deno.test("toOffsetBinary() and fromOffsetBinary() refuse values of more than 4 bits", () => {
  for (const value of [-9, 8]) {
    assertThrows(
      () => toOffsetBinary(Int8Array.of(0, value)),
      InputError,
      `Cannot write offset binary: element 1 must be an integer in -8..7, got ${value}`,
    );
  }
  assertThrows(
    () => fromOffsetBinary(Uint8Array.of(0, 16)),
    InputError,
    "Cannot read offset binary: element 1 must be an integer in 0..15, got 16",
  );
});
