import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { average, clock, time } from "../../bench/harness/turn.ts";
import { summarize, takeTurns } from "../../bench/harness/turns.ts";
import { InputError } from "../../lib/core/mod.ts";

/** A turn that gives these figures one after the other and writes its name down. */
function scripted(name: string, times: number[], log: string[]) {
  let next = 0;
  return () => {
    log.push(name);
    return { time: times[next++] };
  };
}

Deno.test("takeTurns() alternates once each is warm", async () => {
  const log: string[] = [];
  let elapsed = 0;
  const taking = (name: string, times: number[]) => {
    const turn = scripted(name, times, log);
    return () => {
      const figures = turn();
      elapsed += figures.time;
      return figures;
    };
  };
  const summaries = await takeTurns(
    new Map([
      ["a", taking("a", [400, 300, 299, 5, 1, 4, 2, 3])], // gets no faster
      ["b", taking("b", [600, 500, 10, 10, 10, 10, 60])], // for more than a second
    ]),
    5,
    { now: () => elapsed },
  );
  assertEquals(log.join(""), "aaabb" + "ababababab");
  assertEquals(summaries.get("a"), { time: { median: 3, low: 1, high: 5, runs: 5 } });
  assertEquals(summaries.get("b"), { time: { median: 10, low: 10, high: 60, runs: 5 } });
});

Deno.test("takeTurns() warms up with lighter work where there is some", async () => {
  const log: string[] = [];
  const turns = new Map(
    ["a", "b"].map((name) => [name, scripted(name, [1, 2, 3, 4, 5, 6, 7], log)]),
  );
  const warmUps = new Map([["a", scripted("w", [9, 9, 9], log)]]);
  const summaries = await takeTurns(turns, 5, { warmUps, now: () => 0 });
  assertEquals(log.join(""), "wwbb" + "ababababab");
  assertEquals(summaries.get("a")!.time, { median: 3, low: 1, high: 5, runs: 5 });
});

Deno.test("takeTurns() is content with three rounds once time is up", async () => {
  const rounds = async (seconds: number) => {
    const log: string[] = [];
    let time = 0;
    const turns = new Map([["a", scripted("a", [9, 9, 1, 2, 3, 4, 5], log)]]);
    const summaries = await takeTurns(turns, 5, { seconds, now: () => time++ });
    return [summaries.get("a")!.time.runs, log.length];
  };
  assertEquals([await rounds(0), await rounds(60)], [[3, 5], [5, 7]]);
});

Deno.test("takeTurns() refuses fewer runs than a median needs", async () => {
  await assertRejects(
    () => takeTurns(new Map(), 4),
    InputError,
    "Cannot bench: runs must number 5 or more, got 4",
  );
});

Deno.test("takeTurns() stops between two turns", async () => {
  const controller = new AbortController();
  const log: string[] = [];
  const turns = new Map([
    ["a", () => {
      log.push("a");
      controller.abort("enough");
      return { time: 1 };
    }],
    ["b", scripted("b", [1], log)],
  ]);
  const { signal } = controller;
  const reason = await takeTurns(turns, 5, { signal }).catch((reason) => reason);
  assertEquals([reason, log], ["enough", ["a"]]);
});

Deno.test("summarize() takes the mean of the two middle values, and refuses NaN", () => {
  assertEquals(summarize([4, 1, 3, 2]), { median: 2.5, low: 1, high: 4, runs: 4 });
  assertThrows(() => summarize([1, NaN]), InputError, "values must be numbers");
  assertThrows(() => summarize([]), InputError, "at least one value");
});

Deno.test("average() and time() repeat short work, and do long work once", async () => {
  let calls = 0;
  const { value } = average(() => ({ value: ++calls }));
  assertEquals(value, (calls + 1) / 2);
  assert(calls > 1);
  calls = 0;
  const wait = () => {
    calls++;
    const end = performance.now() + 25;
    while (performance.now() < end);
  };
  assert(await time(wait) >= 25);
  assertEquals(calls, 1);
  assert(clock(wait) >= 25);
});
