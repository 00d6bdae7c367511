import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { decodeJson, InputError } from "../../lib/core/mod.ts";
import { type Figure, renderSvg, withFonts, withTheme } from "../../lib/report/mod.ts";
import { publishFigure } from "../../tools/publish_figure.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { examples } from "../report/plot/examples.ts";

const origin = { commit: "0123456789ab", date: "2026-11-29", deno: "2.9.6", machine: "a test" };
const figure: Figure = {
  name: "figure9",
  title: "A title",
  shows: "What it shows.",
  verdict: "reproduced",
  agreement: "A sentence.",
  details: [],
  spec: examples.lineChart,
  data: [{ x: 1, y: Infinity }],
  configuration: { models: [] },
};

Deno.test("publishFigure() writes the picture, and the figure with where it comes from", () =>
  withFolder(async (folder) => {
    await publishFigure(figure, origin, `${folder}/figures`);
    const text = await Deno.readTextFile(`${folder}/figures/figure9.json`);
    assertEquals(decodeJson(text), { provenance: origin, ...structuredClone(figure) });
    assertMatch(text, /^ {2}"agreement": "A sentence\.",$/m);
    const svg = await Deno.readTextFile(`${folder}/figures/figure9.svg`);
    assertEquals(svg, withFonts(await renderSvg(withTheme(figure.spec, "light"))));
  }));

Deno.test("publishFigure() leaves files as they are that say the same", () =>
  withFolder(async (folder) => {
    await publishFigure(figure, origin, folder);
    const before = await Deno.readTextFile(`${folder}/figure9.json`);
    await publishFigure(figure, { ...origin, commit: "1" }, folder);
    assertEquals(await Deno.readTextFile(`${folder}/figure9.json`), before);
  }));

Deno.test("publishFigure() keeps where a figure was measured that is drawn otherwise", () =>
  withFolder(async (folder) => {
    await publishFigure(figure, origin, folder);
    const later = { ...origin, commit: "1" };
    const read = async () => JSON.parse(await Deno.readTextFile(`${folder}/figure9.json`));
    await publishFigure({ ...figure, agreement: "Other words." }, later, folder);
    const { provenance, agreement } = await read();
    assertEquals([provenance, agreement], [origin, "Other words."]);
    for (const changed of [{ data: [] }, { configuration: { models: ["another"] } }]) {
      await publishFigure(figure, origin, folder);
      await publishFigure({ ...figure, ...changed }, later, folder);
      assertEquals((await read()).provenance, later);
    }
  }));

Deno.test("publishFigure() says last what measuring took when the figure was measured first", () =>
  withFolder(async (folder) => {
    const details = ["A number."];
    for (const taken of [12.3, 99]) {
      const timed = { ...origin, seconds: { "figure9/one": taken, "figure9/two": 30.4 } };
      await publishFigure({ ...figure, details }, timed, folder);
      const record = JSON.parse(await Deno.readTextFile(`${folder}/figure9.json`));
      assertEquals(record.details, [...details, "Measured in 43 s on a test."]);
    }
  }));

Deno.test("publishFigure() names files as it is told", () =>
  withFolder(async (folder) => {
    await publishFigure(figure, origin, folder, "figure9-mine");
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assertEquals(names, ["figure9-mine.json", "figure9-mine.svg"]);
  }));

Deno.test("publishFigure() refuses a folder that it cannot write to", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => publishFigure(figure, origin, `${folder}/file`),
      InputError,
      `Cannot write ${folder}/file/figure9.json: `,
    );
  }));
