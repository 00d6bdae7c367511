import { assertEquals } from "@std/assert";
import { judgeClaims } from "../../../experiments/tables/claims.ts";
import type { Verdict } from "../../../lib/core/mod.ts";
import { measuredModel, readingOf } from "../measure/tiny_subject.ts";

/** Mean losses of twelve windows. */
const base = Array.from({ length: 12 }, (_, index) => 1 + Math.sin(index) / 2);

/** The base, moved by the same in every window, or by turns. */
const moved = (...by: number[]) => base.map((loss, index) => loss + by[index % by.length]);

/** Both claims judged from window losses. */
function judge(
  { fp16 = base, dense = base, survivors, control = base }: {
    fp16?: number[];
    dense?: number[];
    survivors: number[];
    control?: number[];
  },
) {
  const pruned = { survivors: readingOf(survivors), denseOnSurvivors: readingOf(control) };
  return judgeClaims(measuredModel(pruned, { fp16, "agileq-8": dense }));
}

for (
  const [name, dense, verdict, evidence] of [
    [
      "five percent worse everywhere",
      moved(Math.log(1.05)),
      "reproduced",
      "1.0500 [1.0500, 1.0500]",
    ],
    ["better everywhere", moved(-0.1), "reproduced", "0.9048 [0.9048, 0.9048]"],
    ["20 % worse everywhere", moved(Math.log(1.2)), "contradicted", "1.2000 [1.2000, 1.2000]"],
    [
      "8 % worse with an interval across 10 %",
      moved(Math.log(1.08) - 0.3, Math.log(1.08) + 0.3),
      "undecided",
      undefined,
    ],
  ] as [string, number[], Verdict, string | undefined][]
) {
  Deno.test(`judgeClaims() of AgileQ-8 being ${name}: ${verdict}`, () => {
    const [judged] = judge({ dense, survivors: base });
    assertEquals(judged.claim, "AgileQ-8 loses less than 10 % against FP16");
    assertEquals([judged.model, judged.verdict], ["tiny", verdict]);
    if (evidence) assertEquals(judged.evidence, `AgileQ-8 / FP16 = ${evidence}`);
  });
}

for (
  const [name, survivors, control, verdict] of [
    ["better, on the same tokens too", moved(-0.1), base, "reproduced"],
    ["better, on the same tokens no different", moved(-0.1), moved(-0.1), "explained"],
    ["better, on the same tokens worse", moved(-0.1), moved(-0.2), "explained"],
    ["better, both partly so", moved(-0.2), moved(-0.1), "reproduced"],
    ["worse", moved(0.1), moved(0.05), "contradicted"],
    ["worse, the tokens being harder", moved(0.1), moved(0.2), "contradicted"],
    ["no different", base, base, "undecided"],
    ["better with an interval across 1", moved(-0.21, 0.2), moved(-0.1), "undecided"],
    ["better, nobody knows why", moved(-0.1), moved(0.1, -0.3), "undecided"],
  ] as [string, number[], number[], string][]
) {
  Deno.test(`judgeClaims() of pruning being ${name}: ${verdict}`, () => {
    const judged = judge({ survivors, control })[1];
    const expected = verdict === "explained" ? "explained by the scored subset" : verdict;
    assertEquals([judged.claim, judged.verdict], ["pruning improves on AgileQ-8", expected]);
  });
}

Deno.test("judgeClaims() shows the three ratios that decide about pruning", () => {
  const [, judged] = judge({ survivors: moved(Math.log(0.8)), control: moved(Math.log(0.5)) });
  assertEquals(
    judged.evidence,
    "survivors / AgileQ-8 = 0.8000 [0.8000, 0.8000], " +
      "survivors / denseOnSurvivors = 1.6000 [1.6000, 1.6000], " +
      "denseOnSurvivors / AgileQ-8 = 0.5000 [0.5000, 0.5000]",
  );
});

Deno.test("judgeClaims() takes a single window, which has no interval, for no evidence", () => {
  const one = { fp16: [1], dense: [1], survivors: [0.5], control: [1] };
  assertEquals(judge(one).map(({ verdict }) => verdict), ["undecided", "undecided"]);
  assertEquals(judge(one)[0].evidence, "AgileQ-8 / FP16 = 1.0000");
});

Deno.test("judgeClaims() copes with models that diverged", () => {
  const far = base.map((loss) => loss + 1e6);
  const lost = base.map(() => Infinity);
  const verdicts = (runs: Parameters<typeof judge>[0]) => judge(runs).map(({ verdict }) => verdict);
  // Both perplexities are beyond the largest number, their ratio is not.
  assertEquals(
    verdicts({ fp16: far, dense: far, survivors: far.map((loss) => loss + 1), control: far }),
    ["reproduced", "contradicted"],
  );
  assertEquals(verdicts({ dense: far, survivors: base, control: far }), [
    "contradicted",
    "reproduced",
  ]);
  assertEquals(verdicts({ dense: lost, survivors: lost }), ["contradicted", "undecided"]);
  assertEquals(verdicts({ dense: base.map(() => NaN), survivors: base }), [
    "undecided",
    "undecided",
  ]);
});

Deno.test("judgeClaims() holds AgileQ-8 against what the weights are dequantized to", () => {
  const pruned = { survivors: readingOf(base), denseOnSurvivors: readingOf(base) };
  const measured = measuredModel(pruned, {
    ...{ fp16: base, "agileq-8": base },
    "agileq-8-activations": moved(-0.1),
  });
  const storage = { ...measured.storage, forms: ["Q4_1"] };
  const judged = judgeClaims({ ...measured, storage });
  assertEquals(judged.map(({ claim }) => claim), [
    "AgileQ-8 of activations alone loses less than 10 % against dequantized Q4_1",
    "pruning improves on AgileQ-8 of activations alone",
    "AgileQ-8 loses less than 10 % against dequantized Q4_1 (weights quantized a second time)",
    "pruning improves on AgileQ-8 (weights quantized a second time)",
  ]);
  assertEquals(judged[2].evidence, "AgileQ-8 / dequantized Q4_1 = 1.0000 [1.0000, 1.0000]");
  const evidence = "AgileQ-8 of activations alone / dequantized Q4_1 = 0.9048 [0.9048, 0.9048]";
  assertEquals(judged[0].evidence, evidence);
  const missing = judgeClaims({ ...measured, storage, cells: {} });
  assertEquals(missing.map(({ claim }) => claim), judged.map(({ claim }) => claim));
});
