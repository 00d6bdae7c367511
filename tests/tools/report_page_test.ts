import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import { renderTable } from "../../experiments/tables/render.ts";
import { readMeasuredTable } from "../../experiments/tables/measured_table.ts";
import { namedTables } from "../../experiments/tables/named_tables.ts";
import { publishTable, tableRecord as publishedRecord } from "../../tools/publish.ts";
import { familyTables } from "../../experiments/tables/family_tables.ts";
import { InputError, type Verdict, verdictLegend } from "../../lib/core/mod.ts";
import { exists } from "../../lib/io/mod.ts";
import { publishFigure } from "../../tools/publish_figure.ts";
import { type ReportPage, reportPage } from "../../tools/report_page.ts";
import { modelFolders } from "../../tools/result_folders.ts";
import { browserTest } from "../browser.ts";
import { measuredModel, readingOf } from "../experiments/measure/tiny_subject.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { examples } from "../report/plot/examples.ts";

const results = new URL("../../results", import.meta.url).pathname;

/** The tables that a folder of results may have. */
const tableKeys = [
  ...["table\\d", "ablations", "training", "allocation"],
  ...namedTables.map(({ key }) => key),
].join("|");

Deno.test("reportPage() shows every record that is there and stays below 4 MB", async () => {
  const { html, tables, figures } = await reportPage(results, "plotly.min.js");
  const count = (folder: string, pattern: RegExp) =>
    [...Deno.readDirSync(folder)].filter(({ name }) => pattern.test(name)).length;
  assertEquals(tables, count(results, new RegExp(`^(${tableKeys})\\.json$`)));
  assertEquals(figures, count(`${results}/figures`, /^(?!.*-encyclopedia)[a-z]+\d*\.json$/));
  assert(new TextEncoder().encode(html).length < 4e6);
});

Deno.test("reportPage() links every verdict to its section, and every figure to its files", async () => {
  const { html } = await reportPage(results, "plotly.min.js");
  const found = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, name]) => name);
  const sections = new Set(found(/<section id="([^"]+)"/g));
  const targets = found(/<li><a href="#([^"]+)">[^<]*<\/a><div><span class="verdict/g);
  assert(targets.length > 0);
  assertEquals(targets.filter((target) => !sections.has(target)), []);
  const files = found(/<a href="(figures\/[^"]+)"/g);
  assertEquals(
    files.length,
    2 *
      [...sections].filter((id) => !new RegExp(`^(verdicts|table|${tableKeys})`).test(id)).length,
  );
  for (const file of files) assert(Deno.statSync(`${results}/${file}`).isFile, file);
});

/** A figure's record with this verdict. */
async function publishJudged(folder: string, name: string, verdict?: string): Promise<void> {
  const told = { shows: "It shows.", agreement: "It agrees.", details: [] };
  const figure = { name, title: name, ...told, spec: examples.lineChart, data: null };
  const judged = { ...figure, ...verdict && { verdict: verdict as Verdict }, configuration: null };
  const origin = { commit: null, date: "2026-11-29", deno: "2.9.6", machine: "a test" };
  await publishFigure(judged, origin, `${folder}/figures`);
}

Deno.test("reportPage() explains the verdicts wherever one stands, and nowhere else", () =>
  withFolder(async (folder) => {
    await publishJudged(folder, "figure4", "undecided");
    await publishJudged(folder, "sensitivity");
    const { html } = await reportPage(folder, "plotly.min.js");
    const section = (id: string) => html.split(`<section id="${id}"`)[1].split("</section>")[0];
    for (const id of ["verdicts", "figure-4"]) {
      assertStringIncludes(section(id), '<span class="verdict undecided">? undecided</span>');
      assertStringIncludes(section(id), verdictLegend);
    }
    assert(!section("sensitivity").includes("verdict"), section("sensitivity"));
    assert(!section("verdicts").includes("sensitivity"));
  }));

Deno.test("reportPage() shows the words of a record that an earlier version wrote", () =>
  withFolder(async (folder) => {
    await publishJudged(folder, "figure4", "agrees in part");
    const { html } = await reportPage(folder, "plotly.min.js");
    assertStringIncludes(html, '<span class="verdict">agrees in part</span>');
  }));

Deno.test("reportPage() of a model has figures with its name behind theirs, and links to their files", () =>
  withFolder(async (folder) => {
    await publishJudged(folder, "figure4", "undecided");
    const [old, own] = ["figure4", "figure4-Smol of 2-0123abcd"];
    for (const type of ["json", "svg"]) {
      await Deno.rename(`${folder}/figures/${old}.${type}`, `${folder}/figures/${own}.${type}`);
    }
    assertEquals((await reportPage(folder, "p.js")).figures, 0);
    const { html, figures } = await reportPage(folder, "../p.js", { model: "Smol<2" });
    assertEquals(figures, 1);
    assertStringIncludes(html, '<a href="figures/figure4-Smol%20of%202-0123abcd.svg">');
    assertStringIncludes(html, "Agile-Quant Lab: Smol&lt;2</h1>");
  }));

Deno.test("reportPage() shows the records of every model in the project's results", async () => {
  for (const model of await modelFolders(results)) {
    const folder = `${results}/${model}`;
    const { html, tables, figures } = await reportPage(folder, "../plotly.min.js", { model });
    assert(tables + figures > 0, model);
    assert(new TextEncoder().encode(html).length < 5e6, model);
    for (const { number } of familyTables) {
      const isThere = await exists(`${folder}/table${number}.json`);
      if (isThere) assertEquals((await readMeasuredTable(folder, number)).number, number);
    }
  }
});

Deno.test("reportPage() leads to the pages of other models", async () => {
  const { html } = await reportPage(results, "p.js", { others: ["Smol 2"] });
  assertStringIncludes(html, '<a href="Smol%202/index.html">Smol 2</a>');
});

Deno.test("reportPage() opens with the first token and pruning, of the model or of others", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/Smol 2/figures`, { recursive: true });
    const copy = (name: string) =>
      Deno.copyFile(
        `${results}/figures/${name}.json`,
        `${folder}/Smol 2/figures/${name}-Smol.json`,
      );
    const pages = async () => [
      await reportPage(`${folder}/Smol 2`, "../p.js", { model: "Smol 2" }),
      await reportPage(folder, "p.js", { others: ["Smol 2"] }),
    ];
    const firstSection = ({ html }: ReportPage) => html.split("<section ")[1];
    await copy("figure1");
    for (const page of await pages()) {
      assertEquals(page.summary, null);
      assertStringIncludes(firstSection(page), 'id="verdicts"');
    }
    await copy("outliers");
    const [own, leading] = await pages();
    assertStringIncludes(firstSection(own), 'id="summary"');
    assertStringIncludes(firstSection(own), '<div class="plot"');
    assertStringIncludes(firstSection(leading), "<h2>On Smol 2</h2>");
    assertStringIncludes(firstSection(leading), 'src="Smol%202/summary.svg"');
    assertStringIncludes(firstSection(leading), `<li>${own.summary!.details[0]}</li>`);
    assertEquals(leading.summary, null);
  }));

Deno.test("reportPage() of an empty folder has no tables and no figures", async () => {
  const empty = await Deno.makeTempDir();
  const { tables, figures } = await reportPage(empty, "plotly.min.js");
  assertEquals({ tables, figures }, { tables: 0, figures: 0 });
  await Deno.remove(empty);
});

for (
  const [name, path, command] of [
    ["a truncated table", "table2.json", "deno task reproduce"],
    ["a truncated table of ablations", "ablations.json", "deno task ablations"],
    ["a truncated figure", "figures/figure4.json", "deno task figures"],
  ]
) {
  Deno.test(`reportPage() names the file of ${name} and what makes it anew`, () =>
    withFolder(async (folder) => {
      await Deno.mkdir(`${folder}/figures`);
      const source = path === "ablations.json" ? "table1.json" : path;
      const whole = await Deno.readTextFile(`${results}/${source}`);
      await Deno.writeTextFile(`${folder}/${path}`, whole.slice(0, 3000));
      await assertRejects(
        () => reportPage(folder, "plotly.min.js"),
        InputError,
        `Cannot read ${folder}/${path}: it must be a record that "${command}" wrote`,
      );
    }));
}

/** Writes the record of a figure with these changes. */
async function writeFigure(folder: string, changes: Record<string, unknown>): Promise<void> {
  await publishJudged(folder, "figure4");
  const path = `${folder}/figures/figure4.json`;
  const record = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...record, ...changes }));
}

Deno.test("reportPage() names the file of a figure that Plotly cannot draw", () =>
  withFolder(async (folder) => {
    const { data, layout } = examples.lineChart;
    await writeFigure(folder, { spec: { data, layout: { ...layout, hight: 3 } } });
    await assertRejects(
      () => reportPage(folder, "plotly.min.js"),
      InputError,
      `Cannot read ${folder}/figures/figure4.json: it must hold a figure that can be drawn, ` +
        'got "Cannot draw a figure: In layout, key hight is not part of the schema',
    );
  }));

Deno.test("reportPage() does not take a fault of the program for a bad record", () =>
  withFolder(async (folder) => {
    await publishJudged(folder, "figure4");
    const { digest } = crypto.subtle;
    crypto.subtle.digest = () => {
      throw new TypeError("a fault of the program");
    };
    try {
      await assertRejects(() => reportPage(folder, "p.js"), TypeError, "a fault of the program");
    } finally {
      crypto.subtle.digest = digest;
    }
  }));

for (
  const [name, provenance] of [
    ["no origin", null],
    ["a machine that is no text", { commit: null, deno: "2.9.6", machine: { toString: 1 } }],
    ["no version of Deno", { commit: null, machine: "a test" }],
  ] as const
) {
  Deno.test(`reportPage() refuses a record with ${name}`, () =>
    withFolder(async (folder) => {
      await writeFigure(folder, { provenance });
      await assertRejects(
        () => reportPage(folder, "plotly.min.js"),
        InputError,
        `Cannot read ${folder}/figures/figure4.json: it must be a record that "deno task figures" wrote`,
      );
    }));
}

/** Looks at the page from top to bottom; what a visitor would complain about. */
async function complaints(page: Page, address: string): Promise<string[]> {
  const found: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) found.push(message.text());
  });
  page.on("pageerror", (error) => found.push(error.message));
  await page.goto(address);
  for (const plot of await page.$$(".plot")) {
    await plot.scrollIntoViewIfNeeded();
    const name = await plot.getAttribute("aria-label");
    const drawn = plot.waitForSelector(".drawn .main-svg", { timeout: 20_000 });
    await drawn.catch(() => found.push(`${name} was not drawn`));
    await plot.waitForElementState("stable");
    // Below three quarters of its size a figure cannot be read: it scrolls instead.
    const cut = await plot.evaluate((element) => {
      const legible = 0.75 * Number(element.querySelector(".main-svg")!.getAttribute("width"));
      return Math.floor(
        element.clientWidth - Math.max(legible, element.parentElement!.clientWidth),
      );
    });
    if (cut > 0) found.push(`${name} reaches ${cut} pixels over the edge`);
  }
  const root = "document.documentElement";
  const overflow = await page.evaluate<number>(`${root}.scrollWidth - ${root}.clientWidth`);
  if (overflow > 0) found.push(`the page is ${overflow} pixels wider than the window`);
  return found;
}

/** The address of a report page of these records, in a folder that may be filled. */
async function addressOf(records: string, folder: string): Promise<string> {
  const { html } = await reportPage(records, "plotly.min.js");
  await Deno.writeTextFile(`${folder}/index.html`, html);
  const { default: plotly } = await import("plotly.js", { with: { type: "text" } });
  await Deno.writeTextFile(`${folder}/plotly.min.js`, plotly);
  return `file://${folder}/index.html`;
}

browserTest(
  "reportPage() in a browser draws every figure, fits and logs no error",
  (browser) =>
    withFolder(async (folder) => {
      const address = await addressOf(results, folder);
      for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        assertEquals(await complaints(page, address), [], `at ${width} px`);
      }
    }),
);

/** Fills a folder with the record of table 2, the widest, with the columns of one model. */
async function tableRecord(folder: string): Promise<void> {
  const reading = readingOf([1.31, 1.42, 1.53]);
  const model = measuredModel({
    survivors: reading,
    denseOnSurvivors: reading,
    allPositions: reading,
  });
  const table = renderTable(familyTables[1], [{ ...model, name: "opt-encyclopedia" }], []);
  const provenance = { commit: "", deno: "", machine: "" };
  await Deno.writeTextFile(
    `${folder}/table2.json`,
    JSON.stringify({ table, claims: [], provenance }),
  );
}

browserTest(
  "reportPage() in a browser shows all measured columns at once, and the methods always",
  (browser) =>
    withFolder(async (folder) => {
      await tableRecord(folder);
      const address = await addressOf(folder, folder);
      /** In the first row, columns 0 to 7: where the cells begin and end, in the box of the table. */
      const cells = `(() => {
      const { left, right } = document.querySelector(".scroll").getBoundingClientRect();
      return [...document.querySelectorAll("tbody tr:first-child td")].slice(0, 8).map((cell) => {
        const box = cell.getBoundingClientRect();
        return { left: box.left - left, right: box.right - right };
      });
    })()`;
      const wide = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await wide.goto(address);
      const measured = await wide.evaluate<{ right: number }[]>(cells);
      assert(measured.every(({ right }) => right <= 0), JSON.stringify(measured));
      const phone = await browser.newPage({ viewport: { width: 390, height: 800 } });
      await phone.goto(address);
      const [, , , first] = await phone.evaluate<{ left: number }[]>(cells);
      assert(first.left < 300, `the first measured column begins at ${first.left} px`);
      const shaded = await rightEdge(phone);
      await phone.evaluate(`document.querySelector(".scroll").scrollLeft = 1e6`);
      const [method, weight] = await phone.evaluate<{ left: number }[]>(cells);
      assertEquals(method.left, 0);
      assert(weight.left < 0);
      const end = await rightEdge(phone);
      assert(shaded < 0.9 * end && end > 240, `${shaded} where there is more, ${end} at the end`);
    }),
);

/** The median lightness, 0..255, of the right edge of the first table's box. */
async function rightEdge(page: Page): Promise<number> {
  const { width, height, data, channels } = decode(
    await page.locator(".scroll").first().screenshot(),
  );
  const edge = Array.from(
    { length: height },
    (_, row) => data[(row * width + width - 2) * channels],
  );
  return edge.toSorted((one, other) => one - other)[Math.floor(height / 2)];
}

Deno.test("reportPage() shows a table with a name below its picture, which it hands over", () =>
  withFolder(async (folder) => {
    const reading = readingOf([1.31, 1.42, 1.53]);
    const model = measuredModel({ survivors: reading, denseOnSurvivors: reading });
    const origin = { commit: null, date: "2026-11-29", deno: "", machine: "" };
    await publishTable(publishedRecord(namedTables[0], [model], origin), `${folder}/rivals`);
    const { html, tables, pictures } = await reportPage(folder, "p.js");
    assertEquals([tables, Object.keys(pictures)], [1, ["rivals"]]);
    const section = html.slice(html.indexOf('id="rivals"'));
    assert(section.indexOf('<div class="plot"') < section.indexOf("<table"));
    assertStringIncludes(section, '<a href="rivals.svg">Picture</a>');
    assertStringIncludes(html, '<a href="#rivals">Rivals</a>');
  }));
