import { assert, assertEquals, assertMatch } from "@std/assert";
import { notebookProgress } from "../../lib/display/mod.ts";

interface Message {
  type: string;
  id: string;
  html: string;
  text: string;
}

/**
 * Progress whose messages are kept, on a clock that the test sets.
 *
 * @param delivered What the first message waits for.
 */
function recorded(delivered?: Promise<void>) {
  const messages: Message[] = [];
  const clock = { now: 0 };
  const progress = notebookProgress(async (type, { data, transient }) => {
    if (messages.length === 0) await delivered;
    const { "text/html": html, "text/plain": text } = data as Record<string, string>;
    messages.push({ type, id: (transient as { display_id: string }).display_id, html, text });
  }, () => clock.now);
  return { progress, messages, clock };
}

/** Lets everything that is ready to go on do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("notebookProgress() draws a bar and redraws it in place, five times a second at most", async () => {
  const { progress, messages, clock } = recorded();
  progress.start("windows of <s>", 4);
  clock.now = 199;
  progress.update(1);
  clock.now = 200;
  progress.update(2, "loss 1.5");
  clock.now = 1500;
  progress.finish();
  await settle();
  assertEquals(messages.map(({ type, text }) => [type, text]), [
    ["display_data", "windows of <s>: 0/4"],
    ["update_display_data", "windows of <s>: 2/4, loss 1.5"],
    ["update_display_data", "windows of <s>: 4/4, 1.5 s in all"],
  ]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 1);
  assertMatch(messages[1].html, /<progress value="2" max="4">/);
  assertMatch(messages[1].html, /windows of &lt;s&gt;, loss 1\.5/);
});

Deno.test("notebookProgress() draws all pieces of work in one bar", async () => {
  const { progress, messages, clock } = recorded();
  for (const label of ["first", "second"]) {
    progress.start(label, 1);
    clock.now += 2000;
    progress.finish("done");
  }
  await settle();
  assertEquals(messages.map(({ type, text }) => [type, text]), [
    ["display_data", "first: 0/1"],
    ["update_display_data", "first: 1/1, done, 2.0 s in all"],
    ["update_display_data", "second: 0/1"],
    ["update_display_data", "second: 1/1, done, 4.0 s in all"],
  ]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 1);
  const other = recorded();
  other.progress.start("third", 1);
  await settle();
  assert(other.messages[0].id !== messages[0].id);
});

Deno.test("notebookProgress() says something as a stream beside the bar", async () => {
  const sent: unknown[] = [];
  const progress = notebookProgress((...message) => Promise.resolve(sent.push(message)));
  progress.say("opt: refused: too short");
  await settle();
  assertEquals(sent, [["stream", { name: "stderr", text: "opt: refused: too short\n" }]]);
});

Deno.test("notebookProgress() keeps the order of its messages however long one takes", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { progress, messages } = recorded(promise);
  progress.start("slow", 1);
  progress.finish();
  await settle();
  assertEquals(messages, []);
  resolve();
  await settle();
  assertEquals(messages.map(({ type }) => type), ["display_data", "update_display_data"]);
});
