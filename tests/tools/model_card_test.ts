import { assertEquals, assertStringIncludes } from "@std/assert";
import { bundledModels } from "../../experiments/measure/bundled.ts";
import { modelCard } from "../../tools/model_card.ts";

const training = { ids: new Int32Array(5000), hash: "1f".repeat(32), entropyPerToken: 0.5 };
const test = { ids: new Int32Array(1000), hash: "2e".repeat(32), entropyPerToken: 0.625 };
const measured = {
  perplexity: { value: Math.E, low: 2.5, high: 3 },
  windows: 2,
  scored: 900,
  seconds: 1,
  tokensPerSecond: 1000,
};
const losses = [...Array(100).fill(7), ...Array(25).fill(1), ...Array(25).fill(2)];

for (const bundled of Object.values(bundledModels)) {
  Deno.test(`modelCard() of ${bundled.name} states recipe and measurements`, () => {
    const facts = { bundled, training, test, measured, sha256: "3d".repeat(32), losses };
    const card = modelCard(facts);
    const rows = new Map(
      card.split("\n").filter((line) => line.startsWith("| ")).map((line) => {
        const [, key, text] = line.split("|").map((part) => part.trim());
        return [key, text];
      }),
    );
    const { family } = bundled.architecture;
    assertStringIncludes(card, `# ${family}-encyclopedia\n`);
    assertStringIncludes(card, `\`deno task train ${family}\``);
    assertEquals(rows.get("training text"), "5000 tokens, seed 1");
    assertEquals(rows.get("sha256 of the training text"), training.hash);
    assertEquals(rows.get("final training loss"), "1.5000 nats per token (50 steps)");
    assertEquals(rows.get("test loss"), "1.0000 nats per token");
    assertEquals(rows.get("test perplexity"), "2.718 [2.500, 3.000] (95 %)");
    assertEquals(rows.get("chance in the test text"), "0.6250 nats per token");
    assertEquals(rows.get("sha256 of model.safetensors"), facts.sha256);
    assertEquals(/undefined|NaN|null/.test(card), false);
  });
}
