import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { refuse } from "../../lib/core/mod.ts";
import { familyNames } from "../../lib/model/mod.ts";
import { changedJson } from "../../tools/fuzz/changed_json.ts";
import { fuzzReader, outcomeOf, type Reader } from "../../tools/fuzz/fuzz_reader.ts";
import { changedBytes } from "../../tools/fuzz/mutations.ts";
import { readers } from "../../tools/fuzz/readers.ts";
import { sampleArchitectures } from "../../tools/fuzz/samples.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** What is damaged counts as missing there. */
const neverRefused = [
  ...["cell", "hub cache", "stored block"],
  ...["sweep plan", "sweep failure"],
];

/** A reader of one file that does with its text what a test says. */
function textReader(read: (text: string, path: string) => unknown): Reader {
  return {
    file: "a.json",
    prepare: () => changedJson({ bits: 8 }),
    async read(folder) {
      return await read(await Deno.readTextFile(`${folder}/a.json`), `${folder}/a.json`);
    },
  };
}

for (const [name, reader] of Object.entries(readers)) {
  if (reader.cost) continue; // for the task alone
  Deno.test(`fuzzReader() finds that what reads ${name} reads or refuses 60 inputs, and some of both`, () =>
    withFolder(async (folder) => {
      const { failure, inputs, accepted } = await fuzzReader(reader, {
        folder,
        seed: 7,
        runs: 60,
      });
      assertEquals(failure?.complaint, undefined);
      assertEquals(inputs, 60);
      assert(accepted > 0 && (accepted < 60 || neverRefused.includes(name)), `${accepted} read`);
    }));
}

Deno.test("sampleArchitectures have a model of every family, so that its config.json is fuzzed", () => {
  const families = Object.entries(sampleArchitectures).map(([name, { family }]) => [name, family]);
  assertEquals(families.toSorted(), familyNames.map((name) => [name, name]).toSorted());
  for (const name of familyNames) assert(`${name} config` in readers);
});

Deno.test("fuzzReader() makes the input small that a reader fares badly with", () =>
  withFolder(async (folder) => {
    const reader = textReader((text) => {
      if (text.startsWith('{"bits":null}')) throw new TypeError("no bits");
    });
    const { failure, inputs, accepted } = await fuzzReader(reader, {
      ...{ folder, seed: 1, runs: 3000 },
    });
    assertMatch(failure!.complaint, /^threw TypeError: no bits\n +at /);
    assertEquals(new TextDecoder().decode(failure!.input), '{"bits":null}');
    assert(accepted > 0 && accepted < inputs);
  }));

Deno.test("fuzzReader() gives the same inputs for a seed, and others for another", () =>
  withFolder(async (folder) => {
    const inputs = async (seed: number) => {
      const seen: string[] = [];
      const { cost } = await fuzzReader(textReader((text) => seen.push(text)), {
        ...{ folder, seed, runs: 50 },
      });
      for (const part of Object.values(cost)) assert(part >= 0);
      return seen;
    };
    const first = await inputs(1);
    assertEquals(await inputs(1), first);
    assertEquals((await inputs(2)).join() === first.join(), false);
  }));

Deno.test("outcomeOf() takes a refusal that names the file, and nothing else", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.json`, "{}");
    const outcome = (read: (text: string, path: string) => unknown, called?: string[]) =>
      outcomeOf({ ...textReader(read), called }, folder, new Uint8Array());
    assertEquals(await outcome(() => {}), { isRead: true });
    const refusal = (_: string, path: string) => refuse(`read ${path}`, "it must be good");
    assertEquals(await outcome(refusal), { isRead: false });
    const nameless = () => refuse("read it", "it must be good");
    const complaint = "names no file: Cannot read it: it must be good";
    assertEquals(await outcome(nameless), { isRead: false, complaint });
    assertEquals(await outcome(nameless, ["read it"]), { isRead: false });
    assertMatch((await outcome(() => [].at(0)!["x"])).complaint!, /^threw TypeError/);
    const limited = (seconds: number) =>
      outcomeOf(textReader(() => new Uint8Array(2 ** 29).fill(1)), folder, new Uint8Array(), {
        ...{ seconds, bytes: 2 ** 26 },
      });
    assertMatch((await limited(9)).complaint!, /^took 0\.\d GiB of memory$/);
    assertMatch((await limited(0)).complaint!, /^took \d seconds$/);
  }));

Deno.test("changedJson() and changedBytes() seldom leave a file as it is", () => {
  const file = new TextEncoder().encode('{"a":[1,2,{"b":"text"}],"c":null}');
  const inputs = [changedJson(JSON.parse(new TextDecoder().decode(file))), changedBytes(file)]
    .flatMap((input) => fc.sample(input, { seed: 1, numRuns: 200 }));
  const same = inputs.filter((bytes) => bytes.join() === file.join());
  assertEquals(same.length < 40, true);
  const isJson = (bytes: Uint8Array) => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) !== undefined;
    } catch {
      return false;
    }
  };
  assertEquals(inputs.slice(0, 200).filter(isJson).length > 120, true);
});
