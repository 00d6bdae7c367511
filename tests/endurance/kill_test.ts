import { assert, assertEquals } from "@std/assert";
import { counted, type Random, seededRandom } from "../../lib/core/mod.ts";
import { gitHash, HubServer, sha256Of } from "../io/hub_server.ts";
import type { ToolResult } from "../tools/run_tool.ts";
import { drawInstant, killAt, milestonesOf, type Phase } from "./instants.ts";
import { long } from "./long.ts";
import { type CommandLine, download, quantize, reproduce, Workplace } from "./workplace.ts";

/** Says whether a command that went on after a kill did nothing again, of what is there now. */
type Witness = (workplace: Workplace) => Promise<(end: ToolResult) => Promise<void>>;

interface Case {
  command: CommandLine;
  phases: Readonly<Record<string, Phase>>;
  /** The phases of the short form, a kill in each. */
  brief: readonly string[];
  witness: Witness;
}

const namesIn = async (folder: string, pattern: RegExp): Promise<string[]> => {
  const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => []);
  return entries.map(({ name }) => name).filter((name) => pattern.test(name)).sort();
};

/** Asserts later that files of a folder which are there now have not been written again. */
async function keptFiles(folder: string, pattern: RegExp): Promise<() => Promise<void>> {
  const names = await namesIn(folder, pattern);
  const inodes = () =>
    Promise.all(names.map(async (name) => [name, (await Deno.stat(`${folder}/${name}`)).ino]));
  const before = await inodes();
  return async () => assertEquals(await inodes(), before, "something has been made again");
}

const reproducing: Case = {
  command: reproduce,
  phases: {
    "drawing calibration": { behind: /remove out\/probe/ },
    "calibrating activations": { behind: /activations on .*: started/ },
    "GPTQ of blocks": { behind: /GPTQ on .*: started/ },
    "scoring windows": { behind: /windows: started/ },
    "storing a cell": { amid: /(open|write|flush|rename) results\/\.cells\/[0-9a-f]{64}/ },
    "publishing records": { amid: / out\/table/ },
  },
  brief: ["GPTQ of blocks", "publishing records"],
  async witness({ folder }) {
    const cells = `${folder}/results/.cells`;
    const stored = await namesIn(cells, /^[0-9a-f]{64}\.json$/);
    const assertKept = await keptFiles(cells, /^[0-9a-f]{64}\.json$/);
    return async ({ out }) => {
      const [all, used] = [3, stored.length];
      const said = used === all
        ? `Nothing has changed: ${all} cells measured before (--fresh measures anew).`
        : `Measured ${counted(all - used, "cell")}, used ${used} measured before.`;
      assertEquals(out.split("\n").at(-1), said);
      await assertKept();
    };
  },
};

const quantizing: Case = {
  command: quantize,
  phases: {
    "drawing calibration": { behind: /the beginning/ },
    "GPTQ of a block": { behind: /GPTQ on .*: started|rename quantized\/model-0000[234]-/ },
    "writing a block": { amid: /write quantized\/model-0000[2-5]-/ },
    "naming a block": { amid: /(open|flush|rename) quantized\/model-0000[2-5]-/ },
    "writing the rest": { amid: / quantized\/(model-00001|.*json)/ },
  },
  brief: ["writing a block"],
  async witness({ folder }) {
    const path = `${folder}/quantized`;
    const assertKept = await keptFiles(path, /^model-0000[2-5].*\.safetensors$/);
    return async () => {
      await assertKept();
      assertEquals(await namesIn(path, /partial$|unfinished/), []);
    };
  },
};

/** Kills a command in one phase after the other, and lets it go on each time. */
async function killAndGoOn(
  workplace: Workplace,
  { command, phases, brief, witness }: Case,
  random: Random,
  kills: number | undefined,
): Promise<void> {
  const milestones = await milestonesOf(workplace, command);
  const whole = await workplace.contents(command);
  const counts = new Map<string, number>();
  const failures: string[] = [];
  const names = kills === undefined ? brief : Object.keys(phases);
  for (let turn = 0; turn < (kills ?? brief.length);) {
    const phase = names[turn % names.length];
    const instant = drawInstant(random, milestones, phases[phase]);
    await workplace.clear(command);
    if (!await killAt(workplace, command, instant, milestones)) continue; // it was faster this time
    turn++;
    counts.set(phase, (counts.get(phase) ?? 0) + 1);
    const check = await witness(workplace);
    const end = await workplace.run(command);
    const isDone = end.err.includes("the folder must be new"); // the kill came when all was there
    try {
      assert(end.code === 0 || isDone, end.err);
      assertEquals(await workplace.contents(command), whole);
      if (!isDone) await check(end);
    } catch (error) {
      const { text } = milestones[instant.milestone];
      failures.push(`${text}, ${instant.delay ?? "in its midst"}: ${(error as Error).message}`);
    }
  }
  if (kills !== undefined) {
    const parts = [...counts].map(([phase, count]) => `${phase} ${count}`);
    console.log(`${command.tool}, kills by phase: ${parts.join(", ")}`);
  }
  assertEquals(failures, []);
}

for (const [each, kills] of [[reproducing, long(49)], [quantizing, long(91)]] as const) {
  Deno.test(`${each.command.tool} that is killed at any instant goes on to the same results`, () =>
    Workplace.with((workplace) => killAndGoOn(workplace, each, seededRandom(1), kills)));
}

const settings = '{"model_type":"llama"}';
const weights = Uint8Array.from({ length: 300_000 }, (_, index) => index * index % 251);

Deno.test("download that is killed at any instant goes on to the same cache", () =>
  Workplace.with(async (workplace) => {
    const files = { "config.json": settings, "model.safetensors": weights };
    await using server = new HubServer({ "models/org/tiny": files });
    const blobs = `${workplace.folder}/cache/hub/models--org--tiny/blobs`;
    const sizeOf = (name: string) =>
      Deno.stat(`${blobs}/${name}`).then(({ size }) => size, () => undefined);
    /** The ranges of a content that are to come, at each host that is asked for them. */
    const lacking = async (hash: string, { length }: { length: number }, hosts: number) => {
      const size = await sizeOf(hash) ?? await sizeOf(`${hash}.incomplete`) ?? 0;
      return size < length ? Array<string>(hosts).fill(`bytes=${size}-`) : [];
    };
    const witness: Witness = async () => {
      const expected = [
        ...await lacking(gitHash(settings), settings, 1),
        ...await lacking(sha256Of(weights), weights, 2), // large ones lie elsewhere
      ];
      const before = server.asked.length;
      return () => {
        const ranges = server.asked.slice(before).flatMap(({ range }) => range ?? []);
        assertEquals(ranges, expected);
        return Promise.resolve();
      };
    };
    const phases = {
      "asking the hub": { behind: /the beginning/ },
      "receiving a file": { amid: /(open|write) .*\.incomplete/ },
      "completing a file": { amid: /(flush|rename|symlink) .*(blobs|snapshots)/ },
      "noting the commit": { amid: /refs\/main/ },
    };
    const command = download(server.url);
    const brief = ["receiving a file"];
    const each = { command, phases, brief, witness };
    await killAndGoOn(workplace, each, seededRandom(2), long(60));
  }));
