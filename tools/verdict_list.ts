import { isVerdict, type Verdict } from "../lib/core/mod.ts";
import { escapeHtml } from "../lib/report/mod.ts";

/** A claim of the paper and what became of it. */
export interface JudgedClaim {
  /** The section that shows it, and what the link to there says. */
  section: string;
  where: string;
  claim: string;
  /** A verdict; records of former versions have other words, which are shown as they are. */
  verdict: string;
  evidence: string;
}

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
export function verdictList(claims: readonly JudgedClaim[]): string {
  const entries = claims.map(({ section, where, claim, verdict, evidence }) =>
    `<li><a href="#${escapeHtml(section)}">${escapeHtml(where)}</a>` +
    `<div>${verdictLabel(verdict)} ${escapeHtml(claim)}` +
    `<p class="quiet">${escapeHtml(evidence)}</p></div></li>`
  );
  return `<ul class="verdicts">\n${entries.join("\n")}\n</ul>`;
}
