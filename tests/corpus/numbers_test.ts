import { assertEquals } from "@std/assert";
import { inWords, withThousands } from "../../lib/corpus/numbers.ts";

Deno.test("inWords() writes 0..99", () => {
  assertEquals(
    [0, 7, 12, 19, 20, 42, 99].map(inWords),
    ["zero", "seven", "twelve", "nineteen", "twenty", "forty-two", "ninety-nine"],
  );
  assertEquals(new Set(Array.from({ length: 100 }, (_, value) => inWords(value))).size, 100);
});

Deno.test("withThousands() marks every third digit", () => {
  assertEquals(
    [0, 999, 1000, 12480, 1234567].map(withThousands),
    ["0", "999", "1,000", "12,480", "1,234,567"],
  );
});
