import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { measureTokens } from "../../../experiments/measure/token_measure.ts";
import { InputError, silent } from "../../../lib/core/mod.ts";
import { withFigureSubject } from "./tiny_figure_subject.ts";

const pruning = { beta: 0.75, layers: [0, 1], positions: "renumber" as const };
const settings = { pruning, sample: 16, windows: 2 };

Deno.test("measureTokens() follows every token until a layer prunes it", () =>
  withFigureSubject("llama", async (subject) => {
    const { tokens, importance, prunedAt, ...losses } = await measureTokens(subject, settings, {});
    assertEquals(tokens.length, 16);
    assertEquals(importance.map((row) => row.filter((score) => score !== null).length), [16, 8, 4]);
    assertEquals(importance.map((row) => row[0]!.toFixed(4)), ["1.0000", "1.0000", "1.0000"]);
    prunedAt.forEach((layer, token) => {
      const alive = importance.filter((row) => row[token] !== null).length;
      assertEquals(alive, layer === null ? 3 : layer + 1);
    });
    const { keptLoss, prunedLoss, difference } = losses;
    assertAlmostEquals(difference.value, prunedLoss.value - keptLoss.value, 1e-9);
  }));

Deno.test("measureTokens() stops in the midst of its sample once its signal is aborted", () =>
  withFigureSubject("llama", async (subject) => {
    const started: string[] = [];
    const progress = { ...silent, start: (label: string) => void started.push(label) };
    const run = () => measureTokens(subject, settings, { progress, signal: AbortSignal.abort() });
    await assertRejects(run, DOMException, "aborted");
    assertEquals(started, []);
  }));

Deno.test("measureTokens() refuses windows so short that nothing in them is pruned, naming the flag", () =>
  withFigureSubject("llama", async (subject) => {
    const testWindows = subject.testWindows.map((window) => window.subarray(0, 2));
    await assertRejects(
      () => measureTokens({ ...subject, testWindows }, { ...settings, sample: 2 }, {}),
      InputError,
      `Cannot draw ${subject.model.name}: --window must be so long that of each window some scored ` +
        "tokens are pruned and some survive, got 2",
    );
  }));
