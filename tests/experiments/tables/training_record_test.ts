import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { keptTrainings, readTrainingRecord } from "../../../experiments/tables/training_record.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const path = "results/training.json";

Deno.test("readTrainingRecord() reads what training wrote, and nothing where that is missing", async () => {
  const record = (await readTrainingRecord(path))!;
  assertEquals(record.cells[0].id, "training/llama-encyclopedia/rounded/200x4/32");
  assertEquals(await readTrainingRecord("results/nowhere.json"), undefined);
});

Deno.test("readTrainingRecord() refuses another file", () =>
  withFolder(async (folder) => {
    const { provenance, cells } = (await readTrainingRecord(path))!;
    const file = `${folder}/training.json`;
    for (
      const content of [
        { cells },
        { provenance },
        { provenance, cells: [{ ...cells[0], result: null }] },
        { provenance, cells: [{ ...cells[0], id: 7 }] },
      ]
    ) {
      await Deno.writeTextFile(file, JSON.stringify(content));
      await assertRejects(
        () => readTrainingRecord(file),
        InputError,
        `Cannot read ${file}: it must be a record that "deno task training" wrote`,
      );
    }
  }));

Deno.test("keptTrainings() keeps the rows of a record with the commit that measured each", async () => {
  const record = (await readTrainingRecord(path))!;
  const [first, second] = record.cells;
  const cells = [first, { ...second, commit: "before" }];
  const kept = keptTrainings({ ...record, cells }, path, record.cells);
  const { commit } = record.provenance;
  assertEquals(kept, [{ ...first, commit: first.commit ?? commit }, {
    ...second,
    commit: "before",
  }]);
});

Deno.test("keptTrainings() refuses a record with other rows", async () => {
  const record = (await readTrainingRecord(path))!;
  const [first] = record.cells;
  for (
    const other of [{ ...first, id: "other" }, {
      ...first,
      config: { ...first.config, windows: 2 },
    }]
  ) {
    assertThrows(
      () => keptTrainings(record, "out/training.json", [other, ...record.cells.slice(1)]),
      InputError,
      "Cannot add rows to out/training.json: its rows must be of the same model, texts, windows, settings and backend, or " +
        `--out another folder, got "${first.id}"`,
    );
  }
});
