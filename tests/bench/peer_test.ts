import { assertEquals, assertRejects } from "@std/assert";
import { startPeer } from "../../bench/harness/peer.ts";
import { InputError } from "../../lib/core/mod.ts";

const deno = Deno.execPath();
const echo = {
  name: "echo",
  command: [deno, "run", "-q", new URL("echo_peer.ts", import.meta.url).pathname],
};

Deno.test("startPeer() gives a process jobs, several at a time, and clears them", async () => {
  const peer = await startPeer(echo);
  try {
    assertEquals(peer.facts, { library: "echo 1.0", level: "native", threads: 3 });
    const turns = await Promise.all([1, 2, 3].map((number) => peer.prepare({ number })));
    assertEquals(await turns[2](), { double: 6 });
    assertEquals(await turns[0](), { double: 2 });
    const seen = await peer.prepare({ number: 4, shared: "yes" });
    assertEquals(await seen(), { first: 1, cleared: 0 });
    await peer.clear();
    const fresh = await peer.prepare({ number: 5, shared: "yes" });
    assertEquals(await fresh(), { first: 5, cleared: 4 });
  } finally {
    await peer.stop();
  }
});

Deno.test("startPeer() passes on why a job cannot be done, and goes on", async () => {
  const peer = await startPeer(echo);
  try {
    await assertRejects(() => peer.prepare({}), InputError, "number must be a number");
    assertEquals(await (await peer.prepare({ number: 1 }))(), { double: 2 });
  } finally {
    await peer.stop();
  }
});

Deno.test("startPeer() names the module that a peer lacks", async () => {
  const lacking = `console.error("Traceback\\nNo module named 'torch'"); Deno.exit(1)`;
  await assertRejects(
    () => startPeer({ name: "PyTorch", command: [deno, "eval", lacking] }),
    InputError,
    `Cannot start PyTorch: its process must stay alive, got "No module named 'torch'"`,
  );
});

Deno.test("startPeer() names the program that is missing", async () => {
  await assertRejects(
    () => startPeer({ name: "PyTorch", command: ["no-such-python"] }),
    InputError,
    "Cannot start PyTorch: no-such-python must be there to run",
  );
});
