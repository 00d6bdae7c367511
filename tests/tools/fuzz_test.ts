import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { refuse } from "../../lib/core/mod.ts";
import { familyNames } from "../../lib/model/mod.ts";
import { datasetReaders } from "../../tools/fuzz/dataset_readers.ts";
import { complaintAbout, fuzzReader, type Reader } from "../../tools/fuzz/fuzz_reader.ts";
import { modelReaders } from "../../tools/fuzz/model_readers.ts";
import { changedBytes, changedJson } from "../../tools/fuzz/mutations.ts";
import { recordReaders } from "../../tools/fuzz/record_readers.ts";
import { sampleArchitectures } from "../../tools/fuzz/samples.ts";
import { withFolder } from "../io/temporary_folder.ts";

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

for (
  const [name, reader] of Object.entries({ ...modelReaders, ...datasetReaders, ...recordReaders })
) {
  if (reader.cost) continue; // for the task alone
  Deno.test(`fuzzReader() finds that what reads ${name} reads or refuses 200 inputs`, () =>
    withFolder(async (folder) => {
      const failure = await fuzzReader(name, reader, { folder, seed: 7, runs: 200 });
      assertEquals(failure?.complaint, undefined);
    }));
}

Deno.test("sampleArchitectures have a model of every family, so that its config.json is fuzzed", () => {
  const families = Object.entries(sampleArchitectures).map(([name, { family }]) => [name, family]);
  assertEquals(families.toSorted(), familyNames.map((name) => [name, name]).toSorted());
  for (const name of familyNames) assert(`${name} config` in modelReaders);
});

Deno.test("fuzzReader() makes the input small that a reader fares badly with", () =>
  withFolder(async (folder) => {
    const reader = textReader((text) => {
      if (text.startsWith('{"bits":null}')) throw new TypeError("no bits");
    });
    const failure = await fuzzReader("bits", reader, { folder, seed: 1, runs: 3000 });
    assertMatch(failure!.complaint, /^threw TypeError: no bits\n +at /);
    assertEquals(new TextDecoder().decode(failure!.input), '{"bits":null}');
  }));

Deno.test("fuzzReader() gives the same inputs for a seed, and others for another", () =>
  withFolder(async (folder) => {
    const inputs = async (seed: number) => {
      const seen: string[] = [];
      await fuzzReader("all", textReader((text) => seen.push(text)), { folder, seed, runs: 50 });
      return seen;
    };
    const first = await inputs(1);
    assertEquals(await inputs(1), first);
    assertEquals((await inputs(2)).join() === first.join(), false);
  }));

Deno.test("complaintAbout() takes a refusal that names the file, and nothing else", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.json`, "{}");
    const complaint = (read: (text: string, path: string) => unknown) =>
      complaintAbout(textReader(read), folder);
    assertEquals(await complaint(() => {}), undefined);
    assertEquals(
      await complaint((_, path) => refuse(`read ${path}`, "it must be good")),
      undefined,
    );
    const nameless = await complaint(() => refuse("read it", "it must be good"));
    assertEquals(nameless, "names no file: Cannot read it: it must be good");
    assertMatch((await complaint(() => [].at(0)!["x"]))!, /^threw TypeError/);
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
