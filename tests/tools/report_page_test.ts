import { assert, assertEquals } from "@std/assert";
import { chromium, type Page } from "playwright-core";
import { reportPage } from "../../tools/report_page.ts";

const results = new URL("../../results", import.meta.url).pathname;

Deno.test("reportPage() shows every record that is there and stays below 3 MB", async () => {
  const { html, tables, figures } = await reportPage(results, "plotly.min.js");
  const count = (folder: string, pattern: RegExp) =>
    [...Deno.readDirSync(folder)].filter(({ name }) => pattern.test(name)).length;
  assertEquals(tables, count(results, /^table\d\.json$/));
  assertEquals(figures, count(`${results}/figures`, /^(?!.*-encyclopedia)[a-z]+\d*\.json$/));
  assert(new TextEncoder().encode(html).length < 3e6);
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
    2 * [...sections].filter((id) => !/^(verdicts|table)/.test(id)).length,
  );
  for (const file of files) assert(Deno.statSync(`${results}/${file}`).isFile, file);
});

Deno.test("reportPage() of an empty folder has no tables and no figures", async () => {
  const empty = await Deno.makeTempDir();
  const { tables, figures } = await reportPage(empty, "plotly.min.js");
  assertEquals({ tables, figures }, { tables: 0, figures: 0 });
  await Deno.remove(empty);
});

/** Where a browser that Playwright can drive is installed, if any. */
function installedBrowser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  return (Deno.env.get("PATH") ?? "").split(":")
    .flatMap((folder) => names.map((name) => `${folder}/${name}`))
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
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
    const cut = await plot.evaluate((element) =>
      element.clientWidth - Math.max(800, element.parentElement!.clientWidth)
    );
    if (cut > 0) found.push(`${name} reaches ${cut} pixels over the edge`);
  }
  const root = "document.documentElement";
  const overflow = await page.evaluate<number>(`${root}.scrollWidth - ${root}.clientWidth`);
  if (overflow > 0) found.push(`the page is ${overflow} pixels wider than the window`);
  return found;
}

const browserPath = installedBrowser();
const needed = "reportPage() in a browser draws every figure, fits and logs no error";

if (!browserPath && Deno.env.get("CI") !== "true") {
  Deno.test.ignore(`${needed}: ignored, needs Chromium (Debian: apt install chromium)`, () => {});
} else {
  Deno.test(needed, async () => {
    assert(browserPath, "Chromium must be installed (Debian: apt install chromium)");
    const folder = await Deno.makeTempDir();
    const { html } = await reportPage(results, "plotly.min.js");
    await Deno.writeTextFile(`${folder}/index.html`, html);
    const { default: plotly } = await import("plotly.js", { with: { type: "text" } });
    await Deno.writeTextFile(`${folder}/plotly.min.js`, plotly);
    const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    try {
      for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]] as const) {
        const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
        assertEquals(await complaints(page, `file://${folder}/index.html`), [], `at ${width} px`);
      }
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
}
