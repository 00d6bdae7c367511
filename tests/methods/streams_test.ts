import { assertEquals } from "@std/assert";
import { advanceStreams, closeStreams, openStreams } from "../../lib/methods/streams.ts";
import { forward } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { pruning, randomIds, tinyModels, withModel } from "../eval/tiny_models.ts";

for (const name of tinyModels) {
  Deno.test(`advanceStreams() block by block is the forward pass: ${name}`, () =>
    withModel(name, (model) => {
      const windows = [1, 2].map((seed) => randomIds(30, seed));
      const streams = openStreams(model, windows);
      for (let layer = 0; layer < model.architecture.layers; layer++) {
        advanceStreams(model, layer, streams, { pruning });
      }
      windows.forEach((window, index) => {
        const { hidden, positions, exits } = forward(model, window, { pruning });
        assertEquals(streams[index].hidden.dataSync(), hidden.dataSync());
        assertEquals(streams[index].positions, positions);
        tf.dispose([hidden, ...exits.map((exit) => exit.hidden)]);
      });
      closeStreams(streams);
    }));
}
