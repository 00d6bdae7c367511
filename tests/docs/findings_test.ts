import { assert, assertEquals } from "@std/assert";
import { citationsOf } from "../../lib/report/mod.ts";
import { citedPage, citingPages } from "../../tools/cited_pages.ts";

const root = new URL("../..", import.meta.url).pathname;

for (const page of citingPages) {
  Deno.test(`${page} has the numbers and verdicts of the records that it cites`, async () => {
    const text = await Deno.readTextFile(`${root}/${page}`);
    assert(citationsOf(text).length > 0);
    assertEquals(text, await citedPage(root, page), 'run "deno task cite"');
  });
}

/** The parts of the page between its headings. */
const findings = (await Deno.readTextFile(`${root}/docs/findings.md`)).split(/^#+ /m).slice(1);

/** Numbers that no record could have: they are part of a name, such as AgileQ-4/8, or of a claim. */
const named = /less than 10 %|\b[A-Za-z][\w./*-]*/g;

Deno.test("docs/findings.md has no number that does not cite a record", () => {
  for (const part of findings) {
    const prose = citationsOf(part).reduce(
      (rest, { text }) => rest.replace(`[${text}](`, "]("),
      part,
    )
      .replaceAll(/\]\([^)]*\)|`[^`]*`/g, "").replaceAll(named, "");
    assertEquals(prose.match(/\d[\d.,]*/g), null, prose);
  }
});

Deno.test("docs/findings.md names the command beside what it measured", () => {
  const citing = findings.filter((part) => citationsOf(part).length > 0);
  assert(citing.length > 0);
  for (const part of citing) assert(/`deno task \w+/.test(part), part);
});
