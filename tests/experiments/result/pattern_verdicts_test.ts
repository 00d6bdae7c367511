import { assertEquals } from "@std/assert";
import {
  patternVerdict,
  persistenceVerdict,
} from "../../../experiments/result/pattern_verdicts.ts";

const around = (value: number) => ({ value, low: 0.9 * value, high: 1.1 * value });

Deno.test("patternVerdict() asks for more than twice equal attention", () => {
  const verdicts = [3, 2, 1].map((times) => patternVerdict(around(times)));
  assertEquals(verdicts, ["reproduced", "undecided", "contradicted"]);
});

Deno.test("persistenceVerdict() asks for more than half of the tokens", () => {
  const verdicts = [0.8, 0.5, 0.3].map((share) => persistenceVerdict(around(share)));
  assertEquals(verdicts, ["reproduced", "undecided", "contradicted"]);
});
