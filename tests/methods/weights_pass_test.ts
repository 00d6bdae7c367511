import { assertEquals } from "@std/assert";
import { decodeMatrix, floatMatrix } from "../../lib/format/mod.ts";
import { weightsPass } from "../../lib/methods/weights_pass.ts";
import { seenAt } from "../../lib/methods/seen.ts";
import { withModel } from "../eval/tiny_models.ts";
import { layersOf, linearNames } from "./support.ts";

Deno.test("weightsPass() changes every linear map of a block and nothing else, step by step", () =>
  withModel("llama", async (model) => {
    const { architecture } = model;
    const [layer] = await layersOf(model);
    const shares: number[] = [];
    const names: string[] = [];
    const pass = weightsPass("twice", { factor: 2 }, ({ values, rows, columns, name }) => {
      names.push(name);
      return floatMatrix("F32", values.map((each) => 2 * each), rows, columns, name);
    });
    assertEquals([pass.name, pass.settings, pass.observes], ["twice", { factor: 2 }, undefined]);
    const at = { architecture, layer: 5, onStep: (share: number) => void shares.push(share) };
    const changed = await pass.rewrite!(layer, seenAt(new Map()), at);
    const present = linearNames.filter((name) => layer[name]);
    assertEquals(names, present.map((name) => `${name} of layer 5`));
    assertEquals(shares, present.map((_, order) => order / present.length));
    for (const name of present) {
      const twice = decodeMatrix(layer[name]!.weight).map((each) => 2 * each);
      assertEquals(decodeMatrix(changed[name]!.weight), twice);
    }
    assertEquals(changed.inputNorm, layer.inputNorm);
  }));
