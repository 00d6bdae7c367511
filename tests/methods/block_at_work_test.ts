import { assert, assertEquals } from "@std/assert";
import { BlockAtWork } from "../../lib/methods/block_at_work.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { withModel } from "../eval/tiny_models.ts";

Deno.test("BlockAtWork lets go of what it was once it is rewritten, unless told to keep it", () =>
  withModel("llama", async (model) => {
    const [first, second] = [await model.source.layer(0), await model.source.layer(1)];
    for (const keeps of [true, false]) {
      using work = new BlockAtWork(first, 5, keeps);
      assert(work.original === first);
      await work.rewrite(() => second);
      assertEquals(work.original, keeps ? first : undefined);
    }
  }));

Deno.test("BlockAtWork opens its block when asked for, anew once it was rewritten, and frees each", () =>
  withModel("llama", async (model) => {
    const before = tf.memory().numTensors;
    const [first, second] = [await model.source.layer(0), await model.source.layer(1)];
    {
      using work = new BlockAtWork(first, 5);
      assertEquals(tf.memory().numTensors, before);
      const { block } = work;
      assert(work.block === block);
      assertEquals(block.layer, 5);
      const opened = tf.memory().numTensors;
      await work.rewrite((weights) => {
        assert(weights === first);
        assertEquals(tf.memory().numTensors, before, "it is open meanwhile");
        return second;
      });
      assertEquals(tf.memory().numTensors, before);
      assert(work.block !== block);
      assertEquals(tf.memory().numTensors, opened);
      assertEquals([work.original, work.weights], [first, second]);
    }
    assertEquals(tf.memory().numTensors, before);
  }));
