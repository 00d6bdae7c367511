import { escapeHtml } from "../lib/report/mod.ts";

/** A claim of the paper and what became of it. */
export interface JudgedClaim {
  /** The section that shows it, and what the link to there says. */
  section: string;
  where: string;
  claim: string;
  verdict: string;
  evidence: string;
}

/** The verdicts of tables and figures by what they mean for the paper. */
const meanings: Record<string, readonly string[]> = {
  agrees: ["agrees", "reproduced", "holds"],
  partly: ["agrees in part", "explained by the scored subset", "holds at some depths"],
  disagrees: ["disagrees", "not reproduced", "does not hold"],
};

/** Besides colour, what tells the meanings apart. */
const signs: Record<string, string> = { agrees: "✓", partly: "◐", disagrees: "✗", open: "·" };

/** What a verdict means for the paper: `open` where it says neither yes nor no. */
export function meaningOf(verdict: string): string {
  return Object.keys(meanings).find((name) => meanings[name].includes(verdict)) ?? "open";
}

/** A verdict as a coloured label, HTML. */
export function verdictLabel(verdict: string): string {
  const meaning = meaningOf(verdict);
  return `<span class="verdict ${meaning}">${signs[meaning]} ${escapeHtml(verdict)}</span>`;
}

/** Claims with links to their sections, HTML: one entry each, which wraps on a narrow page. */
export function verdictList(claims: readonly JudgedClaim[]): string {
  const entries = claims.map(({ section, where, claim, verdict, evidence }) =>
    `<li><a href="#${escapeHtml(section)}">${escapeHtml(where)}</a>` +
    `<div>${verdictLabel(verdict)} ${escapeHtml(claim)}` +
    `<p class="quiet">${escapeHtml(evidence)}</p></div></li>`
  );
  return `<ul class="verdicts">\n${entries.join("\n")}\n</ul>`;
}
