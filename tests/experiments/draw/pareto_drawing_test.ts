import { assertEquals } from "@std/assert";
import { neutral } from "../../../lib/report/plot/theme.ts";
import { drawPareto, paretoFront } from "../../../experiments/draw/pareto_drawing.ts";

const point = (method: string, bits: number, divergence: number, model = "one") => (
  { model, method, bits, divergence }
);

Deno.test("paretoFront() keeps what no other beats, the fewest bits first", () => {
  const [near, small, worse, alike] = [
    point("near", 8, 0.01),
    point("small", 4, 0.1),
    point("worse", 8, 0.1),
    point("alike", 4, 0.1),
  ];
  assertEquals(paretoFront([near, small, worse]), [small, near]);
  assertEquals(paretoFront([small, alike]), [small, alike]);
  assertEquals(paretoFront([]), []);
});

Deno.test("drawPareto() names the front of each model, and what is on all of them", () => {
  const { shows, agreement, details, spec } = drawPareto([
    ...[point("near", 8, 0.01), point("small", 4, 0.1), point("worse", 8.5, 0.1)],
    ...[point("near", 8, 0.2, "two"), point("small", 4, 0.1, "two")],
  ], "weight");
  assertEquals(shows.startsWith("Bits per weight"), true);
  assertEquals(agreement, "Beaten by none on 2 models: small.");
  assertEquals(details, [
    "one: of 3 methods 2 are beaten by none: small (4.00 bits, 0.1000 nats), near (8.00 bits, 0.0100 nats).",
    "two: of 2 methods 1 is beaten by none: small (4.00 bits, 0.1000 nats).",
  ]);
  assertEquals(spec.data.map(({ name }) => name), [
    ...["small", "near", "beaten by one of these"],
    ...["small", "beaten by one of these"],
  ]);
  const [, , beaten] = spec.data;
  assertEquals([beaten.text, beaten.marker], [["worse"], {
    ...{ color: neutral, symbol: "circle", size: 6 },
  }]);
});

Deno.test("drawPareto() draws all models on one scale, from a power of ten to another", () => {
  const rangesOf = (...divergences: number[]) => {
    const points = divergences.map((each, index) => point("any", 4, each, `model ${index}`));
    const { layout } = drawPareto(points, "weight").spec;
    return Object.entries(layout).filter(([name]) => name.startsWith("yaxis"))
      .map(([, axis]) => (axis as { range: number[] }).range);
  };
  assertEquals(rangesOf(0.02, 3), [[-2, 1], [-2, 1]]);
  assertEquals(rangesOf(0.01), [[-3, -1]]);
});
