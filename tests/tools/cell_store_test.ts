import { assert, assertEquals, assertRejects, equal } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { fileCellStore, timedStore } from "../../tools/cell_store.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runClosures } from "../sweep/closure_cells.ts";
import { memoryStore } from "../sweep/memory_store.ts";

const record = {
  id: "opt/w4",
  config: { bits: 4 },
  fingerprint: "v1",
  result: { perplexity: Infinity, losses: [1.5, NaN] },
  checksum: "0123",
};

Deno.test("fileCellStore() reads back what it stored, infinities included", () =>
  withFolder(async (folder) => {
    await fileCellStore(`${folder}/new/cells`).set("k", record);
    assertEquals(await fileCellStore(`${folder}/new/cells`).get("k"), record);
  }));

Deno.test("fileCellStore() has no record before one is stored", () =>
  withFolder(async (folder) => assertEquals(await fileCellStore(folder).get("k"), null)));

Deno.test("fileCellStore() leaves nothing but whole records behind", () =>
  withFolder(async (folder) => {
    const store = fileCellStore(folder);
    await Promise.all(["a", "b", "a"].map((key) => store.set(key, record)));
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(names, ["a.json", "b.json"]);
  }));

Deno.test("fileCellStore() keeps the last of two records of the same cell that are stored at once", () =>
  withFolder(async (folder) => {
    const store = fileCellStore(folder);
    const records = [1, 2].map((seconds) => ({ ...record, seconds }));
    await Promise.all(records.map((each) => fileCellStore(folder).set("k", each)));
    const found = await store.get("k");
    assertEquals(records.filter((each) => equal(each, found)).length, 1);
    for (const each of records) {
      await store.set("k", each);
      assertEquals(await store.get("k"), each);
    }
  }));

Deno.test("fileCellStore() tries again to read a record whose file has become another", () =>
  withFolder(async (folder) => {
    const store = fileCellStore(folder);
    await store.set("k", record);
    const { readTextFile } = Deno;
    let failures = 2;
    Deno.readTextFile = (path) =>
      failures-- > 0
        ? Promise.reject(new Error("Stale file handle (os error 116)"))
        : readTextFile(path);
    try {
      assertEquals(await store.get("k"), record);
    } finally {
      Deno.readTextFile = readTextFile;
    }
  }));

Deno.test("fileCellStore() counts a damaged file as no record, and the cell is measured again", () =>
  withFolder(async (folder) => {
    const cell = { id: "a", config: {}, run: () => Promise.resolve(7) };
    const run = () => runClosures([cell], { store: fileCellStore(folder), fingerprint: "v1" });
    await run();
    const [{ name }] = Deno.readDirSync(folder);
    const whole = await Deno.readTextFile(`${folder}/${name}`);
    /** What does not depend on how long it took. */
    const untimed = (text: string) => text.replace(/"(seconds|checksum)": .*/g, "");
    for (const damaged of ["", whole.slice(0, -5), "null", "7", '{"id":"a"}', "\0\0"]) {
      await Deno.writeTextFile(`${folder}/${name}`, damaged);
      assertEquals((await run()).computed, ["a"], `file holding ${JSON.stringify(damaged)}`);
      assertEquals(untimed(await Deno.readTextFile(`${folder}/${name}`)), untimed(whole));
    }
    assertEquals((await run()).reused, ["a"]);
  }));

Deno.test("fileCellStore() refuses a folder that it cannot write to", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => fileCellStore(`${folder}/file`).set("k", record),
      InputError,
      `Cannot write ${folder}/file/k.json: `,
    );
  }));

Deno.test("timedStore() notes what cells took, whether measured now or found", async () => {
  const kept = memoryStore();
  const cells = ["a", "b"].map((id) => ({ id, config: {}, run: () => Promise.resolve(7) }));
  const run = async () => {
    const store = timedStore(kept);
    const { computed, reused } = await runClosures(cells, { store, fingerprint: "v1" });
    return { computed, reused, seconds: store.seconds };
  };
  const first = await run();
  assertEquals([first.computed, Object.keys(first.seconds)], [["a", "b"], ["a", "b"]]);
  assertEquals(await run(), { computed: [], reused: ["a", "b"], seconds: first.seconds });
  for (const record of kept.records.values()) record.seconds = 1e6; // edited: counts as no record
  const again = await run();
  assertEquals(again.computed, ["a", "b"]);
  assert(Object.values(again.seconds).every((taken) => taken < 1e6));
});
