import { counted } from "../../lib/core/mod.ts";
import {
  type Drawing,
  letterOf,
  panels,
  type PlotlySpec,
  scatterChart,
} from "../../lib/report/mod.ts";

/** A method on a model: what a number takes, and how far the model then is from what it was. */
export interface ParetoPoint {
  model: string;
  /** As tables print it. */
  method: string;
  /** Bits of a number on average. */
  bits: number;
  /** Mean KL divergence, nats per token. */
  divergence: number;
}

/**
 * Draws bits against KL divergence, model by model, and names the methods that no other beats: with as few
 * bits or fewer none is closer to the model.
 *
 * @param what Whose bits they are.
 */
export function drawPareto(points: readonly ParetoPoint[], what: "weight" | "activation"): Drawing {
  const models = [...Map.groupBy(points, ({ model }) => model)].map(([model, own]) => (
    { model, own, front: paretoFront(own) }
  ));
  return {
    shows:
      `Bits per ${what} against the mean KL divergence from the model in full precision. Named are the ` +
      "methods that no other beats: each with fewer bits is farther away. Methods that keep the model " +
      "exactly are not drawn.",
    agreement: describeAlways(models.map(({ front }) => front)),
    details: models.map(({ model, own, front }) =>
      `${model}: of ${counted(own.length, "method")} ${front.length} ${
        front.length === 1 ? "is" : "are"
      } beaten by none: ${
        front.map(({ method, bits, divergence }) =>
          `${method} (${bits.toFixed(2)} bits, ${divergence.toFixed(4)} nats)`
        ).join(", ")
      }.`
    ),
    spec: panels(models.map(({ model, own, front }, index) => [
      panel(`${letterOf(index)}. ${model}`, own, front, { what, range: decadesOf(points) }),
    ])),
  };
}

/** Which methods no other beats on any model. */
function describeAlways(fronts: readonly (readonly ParetoPoint[])[]): string {
  const [first = new Set<string>(), ...others] = fronts.map((front) =>
    new Set(front.map(({ method }) => method))
  );
  const always = others.reduce((names, each) => names.intersection(each), first);
  return `Beaten by none on ${counted(fronts.length, "model")}: ${
    [...always].join(", ") || "no method"
  }.`;
}

/** The points that no other beats, the fewest bits first; of two that are alike both. */
export function paretoFront(points: readonly ParetoPoint[]): ParetoPoint[] {
  const beats = (one: ParetoPoint, other: ParetoPoint) =>
    one.bits <= other.bits && one.divergence <= other.divergence &&
    (one.bits < other.bits || one.divergence < other.divergence);
  return points.filter((point) => !points.some((other) => beats(other, point)))
    .toSorted((one, other) => one.bits - other.bits);
}

/** Powers of ten between which all points lie, clear of both, so that all models are drawn on one scale. */
function decadesOf(points: readonly ParetoPoint[]): readonly [number, number] {
  const powers = points.map(({ divergence }) => Math.log10(divergence));
  const clear = 0.1;
  return [
    10 ** Math.floor(Math.min(...powers) - clear),
    10 ** Math.ceil(Math.max(...powers) + clear),
  ];
}

function panel(
  title: string,
  own: readonly ParetoPoint[],
  front: readonly ParetoPoint[],
  { what, range }: { what: string; range: readonly [number, number] },
): PlotlySpec {
  const series = (name: string, points: readonly ParetoPoint[]) => ({
    name,
    x: points.map(({ bits }) => ({ value: bits })),
    y: points.map(({ divergence }) => ({ value: divergence })),
  });
  const behind = own.filter((point) => !front.includes(point));
  return scatterChart({
    title,
    x: { title: `bits per ${what}` },
    y: { title: "KL divergence", unit: "nats per token", scale: "log", range },
    series: [
      ...front.map((point) => series(point.method, [point])),
      ...behind.length > 0
        ? [{
          ...series("beaten by one of these", behind),
          labels: behind.map(({ method }) => method),
          reference: true,
        }]
        : [],
    ],
    width: 420,
    height: 320,
  });
}
