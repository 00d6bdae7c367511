import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Random, seededRandom } from "../../lib/core/mod.ts";
import { HubServer } from "../io/hub_server.ts";
import { endOf, type ToolResult } from "../tools/run_tool.ts";
import { milestonesOf } from "./instants.ts";
import { isLong } from "./long.ts";
import { type CommandLine, download, quantize, reproduce, Workplace } from "./workplace.ts";

const weights = Uint8Array.from({ length: 300_000 }, (_, index) => index * index % 251);

/** A file as a command writes it. */
interface Written {
  path: string;
  /** How many bytes the command has written before. */
  before: number;
  bytes: number;
}

/** The files that a command writes, in their order. */
async function writtenBy(workplace: Workplace, command: CommandLine): Promise<Written[]> {
  const files: Written[] = [];
  let before = 0;
  for (const { text } of await milestonesOf(workplace, command)) {
    const [, path, count] = text.match(/: write (\S+) (\d+)$/) ?? [];
    if (path === undefined) continue;
    const last = files.at(-1);
    const file = last?.path === path ? last : { path, before, bytes: 0 };
    if (file !== last) files.push(file);
    file.bytes += Number(count);
    before += Number(count);
  }
  return files;
}

/** How much room there is when writing a file fails: at its first byte, somewhere, or at its last. */
function roomsOf({ before, bytes }: Written, random: Random): number[] {
  return [before, before + random.integer(1, bytes - 1), before + bytes - 1];
}

/** Files that go on being written, or say that a folder is not whole yet. */
const isUnfinished = (path: string) => /\.incomplete$|unfinished\.json$/.test(path);

/** Asserts that a command has said why it ended and left nothing by halves under a name that lasts. */
async function assertRefused(
  workplace: Workplace,
  command: CommandLine,
  { code, err }: ToolResult,
  reason: string,
  whole: Readonly<Record<string, string>>,
): Promise<void> {
  assertEquals(code, 2, err);
  const said = err.split("\n").filter((line) => line.includes("Cannot "));
  assert(said.length > 0, err);
  for (const line of said) {
    assertStringIncludes(line, "Cannot write ");
    assertStringIncludes(line, `the system must allow it, got "${reason}`);
  }
  if (command.tool !== "reproduce") assertEquals(said.length, 1, err); // that says it of each row
  assertEquals(err.match(/Internal error|^ +at /m), null, err);
  for (const [path, content] of Object.entries(await workplace.contents(command))) {
    if (!isUnfinished(path)) assertEquals(content, whole[path], `${path} is there by halves`);
  }
  assertEquals(await workplace.temporaryFiles(command), []);
}

/** Lets the disk be full while one file after the other is written. */
async function fillTheDisk(workplace: Workplace, command: CommandLine): Promise<void> {
  const random = seededRandom(3);
  const files = await writtenBy(workplace, command);
  const whole = await workplace.contents(command);
  const all = files.flatMap((file) => roomsOf(file, random));
  const rooms = isLong ? all : [all[random.integer(0, all.length - 1)]];
  for (const room of rooms) {
    await workplace.clear(command);
    const end = await workplace.run(command, { room });
    await assertRefused(workplace, command, end, "No space left on device", whole);
    const again = await workplace.run(command);
    assertEquals(again.code, 0, again.err);
    assertEquals(await workplace.contents(command), whole);
  }
  if (isLong) console.log(`${command.tool}: the disk was full at ${rooms.length} bytes`);
}

for (const command of [reproduce, quantize]) {
  Deno.test({
    name: `${command.tool} on a full disk says so, and goes on once there is room`,
    ignore: command === reproduce && !isLong, // which takes longer
    fn: () => Workplace.with((workplace) => fillTheDisk(workplace, command)),
  });
}

/** Runs a test with a command that downloads from a hub here. */
const withDownload = (test: (workplace: Workplace, command: CommandLine) => Promise<void>) =>
  Workplace.with(async (workplace) => {
    const files = { "config.json": '{"model_type":"llama"}', "model.safetensors": weights };
    await using server = new HubServer({ "models/org/tiny": files });
    await test(workplace, download(server.url));
  });

Deno.test("download on a full disk says so, and goes on once there is room", () =>
  withDownload(fillTheDisk));

Deno.test({
  name: "download whose file the system lets grow no further says so, and goes on once it may",
  ignore: Deno.build.os === "windows", // it has no such limit
  fn: () =>
    withDownload(async (workplace, command) => {
      await workplace.run(command);
      const whole = await workplace.contents(command);
      await workplace.clear(command);
      const limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 100; exec "$0" "$@"']; // of 512 bytes
      const end = await endOf(workplace.start(command, undefined, limited));
      await assertRefused(workplace, command, end, "File too large", whole);
      assertEquals((await workplace.run(command)).code, 0);
      assertEquals(await workplace.contents(command), whole);
    }),
});
