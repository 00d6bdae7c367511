import { assertEquals, assertRejects } from "@std/assert";
import {
  figureFiles,
  readFigure,
  readFigures,
} from "../../../experiments/figures/recorded_figure.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { recordOf, withRecords } from "./recorded_folder.ts";

Deno.test("figureFiles() are those of the figures, in their order, whatever models they are named after", () =>
  withRecords(
    { "channels-m-1": {}, "figure1-m-1": {}, "figure10-m": {}, figure8: {} },
    async (folder) => {
      const files = ["figure1-m-1", "figure8", "channels-m-1"];
      assertEquals(
        await figureFiles(folder),
        files.map((stem) => `${folder}/figures/${stem}.json`),
      );
      assertEquals(await figureFiles(`${folder}/none`), []);
    },
  ));

Deno.test("readFigure() is the one record of a figure, and refuses none, two or a damaged one", () =>
  withRecords(
    { "figure1-m": recordOf("figure1"), "figure6-a": {}, "figure6-b": {}, "figure8-m": {} },
    async (folder) => {
      const path = `${folder}/figures/figure1-m.json`;
      assertEquals<unknown>(await readFigure(folder, "figure1"), { ...recordOf("figure1"), path });
      const rule = `must have written one record to ${folder}/figures`;
      for (const [name, option, count] of [["figure7", "7", 0], ["figure6", "6", 2]] as const) {
        const message =
          `Cannot show ${name}: "deno task figures --figure ${option}" ${rule}, got ${count}`;
        await assertRejects(() => readFigure(folder, name), InputError, message);
      }
      const message = `Cannot read ${folder}/figures/figure8-m.json: it must be a record that`;
      await assertRejects(() => readFigure(folder, "figure8"), InputError, message);
      await assertRejects(() => readFigures(folder), InputError, "figure6-a.json");
    },
  ));
