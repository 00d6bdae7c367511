import type { TokenRows } from "../../lib/linear/mod.ts";
import { assertEquals } from "@std/assert";
import {
  type Architecture,
  normalize,
  runAttention,
  runBlock,
  runMlp,
  type SiteName,
} from "../../lib/model/mod.ts";
import { hookOfBlock } from "../../lib/model/sites.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";
import { families, tinyArchitectures, withRandomModel } from "./tiny_models.ts";

const tokens = 9;

/** A stream before a block. */
function stream({ hiddenSize }: Architecture) {
  const hidden = tf.tensor2d(randomFloats(tokens * hiddenSize, 1), [tokens, hiddenSize]);
  return { hidden, positions: Int32Array.from({ length: tokens }, (_, i) => i), batch: 1 };
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`runAttention() and runMlp() make up the block, bit for bit: ${name}`, () =>
    withRandomModel(architecture, ({ blocks: [, block] }) => {
      tidy(() => {
        const before = stream(architecture);
        const { hidden } = runBlock(architecture, block, before).state;
        const norm = (which: "inputNorm" | "mlpNorm", value: tf.Tensor2D) =>
          normalize(architecture, block[which], value);
        const attention = (value: tf.Tensor2D) => runAttention(architecture, block, value);
        const mlp = (value: tf.Tensor2D) => runMlp(architecture, block, value);
        let expected: tf.Tensor2D;
        if (architecture.normPlacement === "before") {
          const mixed: tf.Tensor2D = tf.add(
            before.hidden,
            attention(norm("inputNorm", before.hidden)),
          );
          expected = tf.add(mixed, mlp(norm("mlpNorm", mixed)));
        } else if (architecture.normPlacement === "onStream") {
          const start = norm("inputNorm", before.hidden);
          const middle = norm("mlpNorm", tf.add(start, attention(start)));
          expected = tf.add(middle, mlp(middle));
        } else {
          const mixed = norm("inputNorm", tf.add(before.hidden, attention(before.hidden)));
          expected = norm("mlpNorm", tf.add(mixed, mlp(mixed)));
        }
        assertEquals(tensorData(hidden), tensorData(expected));
      });
    }));
}

Deno.test("runMlp() shows and takes back what it reads, and tells which rows may be apart", () =>
  withRandomModel(families.llama, ({ architecture, blocks: [block] }) => {
    tidy(() => {
      const rows = { lower: Int32Array.of(1, 4), first: Int32Array.of(0) };
      const met: [SiteName, number[], TokenRows][] = [];
      const at = hookOfBlock(architecture, { layer: 0, window: 0 }, (value, visit) => {
        const { lower, first } = visit;
        met.push([visit.site, value.shape, { lower, first }]);
        return visit.site === "mlp.hidden" ? tf.zerosLike(value) : value;
      });
      const output = runMlp(architecture, block, stream(architecture).hidden, at, rows);
      assertEquals(met, [
        ["mlp.input", [tokens, 24], rows],
        ["mlp.hidden", [tokens, 40], rows],
      ]);
      assertEquals(tensorData(output), new Float32Array(tokens * 24)); // no bias, nothing to map
    });
  }));
