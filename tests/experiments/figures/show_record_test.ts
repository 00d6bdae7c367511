import { assertEquals, assertStringIncludes } from "@std/assert";
import { showFigure, showTable } from "../../../experiments/figures/show_record.ts";
import { recordOf, withRecords } from "./recorded_folder.ts";

Deno.test("showFigure() shows a figure, or what measures it", () =>
  withRecords({ "figure1-m": recordOf("figure1") }, async (folder) => {
    const [there, missing] = [
      await showFigure(folder, "figure1"),
      await showFigure(folder, "figure7"),
    ];
    assertStringIncludes(`${there}`, "[figure: figure1]");
    assertEquals(
      `${missing}`,
      `Figure 7 has not been measured on this model: "deno task figures --figure 7" does, with its ` +
        `results in ${folder}.`,
    );
  }));

Deno.test("showTable() shows a table, or what measures it", () =>
  withRecords({}, async (folder) => {
    assertStringIncludes(`${await showTable("results", 4)}`, "Table 4: ");
    const command = '"deno task reproduce --table 1" does';
    assertStringIncludes(`${await showTable(folder, 1)}`, `Table 1 has not been measured`);
    assertStringIncludes(`${await showTable(folder, 1)}`, command);
  }));
