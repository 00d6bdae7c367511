import { assert, assertEquals, assertThrows } from "@std/assert";
import { withoutSignals } from "../../lib/tensor/signal_mask.ts";

const hasMask = Deno.build.os !== "windows";

Deno.test(
  "withoutSignals() masks all signals but those of faults, and takes the former mask back",
  {
    ignore: !hasMask,
  },
  () => {
    const calls: number[][] = [];
    const setMask = (_how: number, set: Uint8Array, former: Uint8Array | null) => {
      calls.push([...set.subarray(0, 4)]);
      former?.fill(7);
      return 0;
    };
    assertEquals(withoutSignals(setMask, () => calls.length), 1);
    assertThrows(() => withoutSignals(setMask, () => undefined!["a"]), TypeError);
    const interrupt = 1 << (2 - 1);
    const fault = 1 << (11 - 1 - 8);
    const [[first, second], ...others] = calls;
    assertEquals([first & interrupt, second & fault], [interrupt, 0]);
    assertEquals(others.map(([value]) => value), [7, first, 7]);
  },
);

Deno.test("withoutSignals() calls where there is no mask to set", () => {
  assertEquals(withoutSignals(null, () => 1), 1);
});

Deno.test("native products survive signals that the process handles", {
  ignore: !hasMask,
}, async () => {
  const program = new URL("products_under_signals.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", program],
    stdout: "piped",
  }).spawn();
  const limit = setTimeout(() => process.kill("SIGKILL"), 60_000); // a damaged heap may hang
  let printed = "";
  for await (const part of process.stdout.pipeThrough(new TextDecoderStream())) {
    printed += part;
    if (printed !== "ready\n") continue;
    const raise = setInterval(() => {
      try {
        process.kill("SIGUSR1");
      } catch {
        clearInterval(raise); // it has ended
      }
    }, 1);
  }
  const { code, signal } = await process.status;
  clearTimeout(limit);
  assertEquals([code, signal], [0, null]);
  if (printed === "no library\n") return;
  assert(Number(printed.split("\n")[1]) > 0, printed);
});
