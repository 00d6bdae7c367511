import { assertEquals, assertStrictEquals } from "@std/assert";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { moduleShapes } from "../../lib/model/mod.ts";
import { parametersOf, withParameters } from "../../lib/train/mod.ts";
import { parameterValues, randomModel, tinyArchitectures } from "../model/tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`parametersOf() lists weights and biases in the order of the modules: ${name}`, async () => {
    const model = await randomModel(architecture);
    const parameters = await parametersOf(model);
    assertEquals(
      parameters.map(({ shape }) => shape),
      moduleShapes(architecture).flatMap(({ weight, bias }) =>
        bias ? [weight, [weight[0]]] : [weight]
      ),
    );
    assertEquals(
      parameters.map(({ values }) => values),
      Object.values(await parameterValues(model)),
    );
  });

  Deno.test(`withParameters() puts others in their places: ${name}`, async () => {
    const [model, other] = [await randomModel(architecture), await randomModel(architecture, 1)];
    const parameters = await parametersOf(other);
    const changed = await withParameters(model, parameters.map(({ values }) => values));
    assertEquals(await parametersOf(changed), parameters);
    assertEquals([changed.name, changed.architecture], [model.name, architecture]);
    // Without a copy.
    const { weight } = changed.source.outer.embedding!;
    assertEquals(decodeMatrix(weight), parameters[0].values);
    parameters[0].values[0] += 1;
    assertStrictEquals(decodeMatrix(weight)[0], parameters[0].values[0]);
  });
}
