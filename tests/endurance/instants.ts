import type { Random } from "../../lib/core/mod.ts";
import { stepMark, stopMark } from "./saboteur.ts";
import type { CommandLine, Workplace } from "./workplace.ts";

/** A line on standard error that a command always says at this place. */
export interface Milestone {
  text: string;
  /** Since the command was started, in milliseconds. */
  time: number;
}

/** When a command is killed. */
export interface Instant {
  /** The last milestone before, counted from 0, which is the beginning. */
  milestone: number;
  /** How long after it in milliseconds, or else in the very midst of the step that it tells of. */
  delay?: number;
}

/** Which lines are milestones: others come ever so often. */
const isMilestone = (line: string) => /: started$|: finished in /.test(line) || isStep(line);

const isStep = (line: string) => line.startsWith(stepMark);

/** The milestones of a command that runs to its end, from its beginning on. */
export async function milestonesOf(
  workplace: Workplace,
  command: CommandLine,
): Promise<Milestone[]> {
  const begin = performance.now();
  const process = workplace.start(command, { log: true });
  const milestones: Milestone[] = [{ text: "the beginning", time: 0 }];
  const output = process.stdout.cancel();
  for await (const text of linesOf(process.stderr)) {
    if (isMilestone(text)) milestones.push({ text, time: performance.now() - begin });
  }
  await output;
  const { code } = await process.status;
  if (code !== 0) throw new Error(`${command.tool} ended with status ${code}`);
  return [...milestones, { text: "the end", time: performance.now() - begin }];
}

/** What a command is at: behind milestones, until the next, or in the midst of the steps that they tell of. */
export type Phase = { readonly behind: RegExp } | { readonly amid: RegExp };

/** An instant of a phase. */
export function drawInstant(
  random: Random,
  milestones: readonly Milestone[],
  phase: Phase,
): Instant {
  const pattern = "behind" in phase ? phase.behind : phase.amid;
  const choice = [...milestones.keys()].filter((index) => pattern.test(milestones[index].text));
  if (choice.length === 0) throw new RangeError(`no milestone is ${pattern}`);
  const milestone = choice[random.integer(0, choice.length - 1)];
  if ("amid" in phase) return { milestone };
  const [from, to] = [milestones[milestone].time, milestones[milestone + 1].time];
  return { milestone, delay: random.uniform() * (to - from) };
}

/** Starts a command and kills it at an instant; false if it ended before. */
export async function killAt(
  workplace: Workplace,
  command: CommandLine,
  { milestone, delay }: Instant,
  milestones: readonly Milestone[],
): Promise<boolean> {
  const steps = milestones.slice(0, milestone + 1).filter(({ text }) => isStep(text)).length;
  const stop = delay === undefined ? steps : undefined;
  const process = workplace.start(command, { log: true, stop });
  const output = process.stdout.cancel().catch(() => {});
  let left = milestone;
  const kill = () => {
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  };
  const killLater = () => delay !== undefined && setTimeout(kill, delay);
  if (left === 0) killLater();
  for await (const line of linesOf(process.stderr)) {
    if (isMilestone(line) && --left === 0) killLater();
    if (line === stopMark) kill();
  }
  await output;
  return (await process.status).signal === "SIGKILL";
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
