import type { ListedClaim } from "../experiments/tables/claim_table.ts";
import { isVerdict, type Verdict } from "../lib/core/mod.ts";
import { escapeHtml } from "../lib/report/mod.ts";

/** The class of a verdict's label, and the sign that tells it apart without colour. */
const looks: Record<Verdict, readonly [name: string, sign: string]> = {
  "reproduced": ["reproduced", "✓"],
  "contradicted": ["contradicted", "✗"],
  "undecided": ["undecided", "?"],
  "explained by the scored subset": ["explained", "◐"],
  "not testable here": ["untested", "·"],
};

/** A verdict as a coloured label, HTML. */
export function verdictLabel(verdict: string): string {
  if (!isVerdict(verdict)) return `<span class="verdict">${escapeHtml(verdict)}</span>`;
  const [name, sign] = looks[verdict];
  return `<span class="verdict ${name}">${sign} ${verdict}</span>`;
}

/** Claims with links to their sections, HTML: one entry each, which wraps on a narrow page. */
export function verdictList(claims: readonly ListedClaim[]): string {
  const entries = claims.map(({ where, claim, against, verdict, evidence }) => {
    const told = against ? `${against}: ${claim}` : claim;
    return `<li><a href="#${escapeHtml(sectionId(where))}">${escapeHtml(where)}</a>` +
      `<div>${verdictLabel(verdict)} ${escapeHtml(told)}` +
      `<p class="quiet">${escapeHtml(evidence)}</p></div></li>`;
  });
  return `<ul class="verdicts">\n${entries.join("\n")}\n</ul>`;
}

/** What links call the section of a table or figure: `table-1` for `Table 1`. */
export function sectionId(where: string): string {
  return where.toLowerCase().replaceAll(" ", "-");
}
