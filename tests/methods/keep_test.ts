import { assert, assertEquals } from "@std/assert";
import { configure, keep, prepareModel } from "../../lib/methods/mod.ts";
import { withModel } from "../eval/tiny_models.ts";
import { unread } from "./support.ts";

Deno.test("keep leaves the model as it is, and asks for no windows", () =>
  withModel("llama", async (model) => {
    assertEquals(keep.passes({}, model.architecture), []);
    const executed = await prepareModel(model, configure("FP16", keep, {}), unread);
    assert(executed.model === model);
    assertEquals([executed.forward.hook, executed.forward.probabilities], [undefined, undefined]);
  }));
