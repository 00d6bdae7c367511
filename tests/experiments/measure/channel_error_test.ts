import { assertEquals } from "@std/assert";
import { channelError } from "../../../experiments/measure/channel_error.ts";

Deno.test("channelError() counts every channel the same", () => {
  const x = Float32Array.of(1, 100, 1, 100);
  const y = Float32Array.of(1, 50, 0, 100);
  assertEquals(channelError(x, y, 2), (1 / 2 + 2500 / 20000) / 2);
});

Deno.test("channelError() of a channel that is zero is nothing", () => {
  assertEquals(channelError(Float32Array.of(0, 2), Float32Array.of(0, 1), 2), 1 / 8);
});
