import {
  combineVerdicts,
  counted,
  describeCases,
  type JudgedCase,
  mapEstimate,
} from "../../lib/core/mod.ts";
import { type Drawing, letterOf, panels } from "../../lib/report/mod.ts";
import { layerOfMost } from "../measure/channel_measure.ts";
import type { Figure1Maps, Figure1Row } from "../measure/figure1_measure.ts";
import { formatEstimate, formatShare } from "../result/format_estimate.ts";
import { patternVerdict, persistenceVerdict } from "../result/pattern_verdicts.ts";
import { concentrationRow, mapRow } from "./attention_drawing.ts";
import { channelRow } from "./channel_drawing.ts";

/**
 * Draws figure 1 and says what it shows.
 *
 * @param data The pictures of the first model, and the numbers of all.
 * @param distance How many tokens count as near.
 */
export function drawFigure1(
  { maps, models }: { maps: Figure1Maps; models: readonly Figure1Row[] },
  distance: number,
): Drawing {
  const cases = models.flatMap(judge);
  return {
    shows:
      `a-c: mean attention map of the heads of ${maps.model} over the first tokens of a test ` +
      "text, blank where no attention is left. d: |x| of the input of its q, k, v projections. e: largest |x| of each channel, before " +
      "and after pruning. f, g: share of the attention that goes to the first token and to the " +
      `nearest ${
        counted(distance, "token")
      }, against what equal attention to all visible tokens would give.`,
    verdict: combineVerdicts(cases),
    agreement:
      "The paper sees a stripe at the first token, a bright diagonal, and channels of outliers. That " +
      "each of the first two takes more than twice its share of equal attention in the last layer, " +
      "and that a channel is outlying in more than half of the tokens of some layer, is " +
      `${describeCases(cases)}.`,
    details: models.map(describe),
    spec: panels([
      mapRow(
        maps.attention,
        models[0].attention,
        distance,
        [0, 1, 2].map((panel) => `${letterOf(panel)}. ${maps.model}: `),
      ),
      channelRow(maps.channels, `d. ${maps.model}: input of q, k, v`, "e. channel maxima"),
      concentrationRow(models, distance),
    ]),
  };
}

/** Whether the paper's patterns are there in one model. */
function judge({ model, attention, channels }: Figure1Row): JudgedCase[] {
  const { stripe, diagonal } = attention.at(-1)!.full;
  const { persistence } = layerOfMost(channels, "persistence");
  return [
    { name: `the stripe of ${model}`, verdict: patternVerdict(stripe) },
    { name: `the diagonal of ${model}`, verdict: patternVerdict(diagonal) },
    { name: `the channels of ${model}`, verdict: persistenceVerdict(persistence) },
  ];
}

/** The numbers beside the picture of one model. */
function describe({ model, attention, channels }: Figure1Row): string {
  const { full, quantized } = attention.at(-1)!;
  const { spread, spreadPruned } = layerOfMost(channels, "spread");
  const { persistence } = layerOfMost(channels, "persistence");
  const outlying = mapEstimate(persistence, (share) => 100 * share);
  return `${model}: the last layer gives the first token ${formatShare(full.start)}, ` +
    `${formatEstimate(full.stripe, 2)} times equal attention (quantized ` +
    `${formatShare(quantized.start)}), and the nearest tokens ${formatShare(full.local)}, ` +
    `${formatEstimate(full.diagonal, 2)} times (quantized ${
      formatShare(quantized.local)
    }); the largest ` +
    `channel reaches ${formatEstimate(spread, 1)} times the median one, ` +
    `${formatEstimate(spreadPruned, 1)} times after pruning, and none is outlying in more than ` +
    `${formatEstimate(outlying, 1)} % of the tokens.`;
}
