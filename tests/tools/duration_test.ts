import { assertEquals } from "@std/assert";
import { duration } from "../../tools/duration.ts";

Deno.test("duration() says seconds, minutes or hours", () => {
  assertEquals([0.34, 3.21, 59, 119].map(duration), ["0.34 s", "3.2 s", "59 s", "119 s"]);
  assertEquals([120, 7199, 7200, 18_400].map(duration), ["2 min", "120 min", "2.0 h", "5.1 h"]);
});
