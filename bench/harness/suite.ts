import type {
  BenchRecord,
  ContenderFacts,
  Job,
  Machine,
  Measurement,
} from "../../experiments/result/bench_record.ts";
import { InputError, type Progress } from "../../lib/core/mod.ts";
import type { Table } from "../../lib/report/mod.ts";
import { type Peer, type PeerSpec, startPeer } from "./peer.ts";
import type { Turn } from "./turn.ts";
import { doubtsAbout } from "./trust.ts";
import { takeTurns } from "./turns.ts";

/** One suite of `deno task bench`. */
export interface Suite {
  /** One line for the help text. */
  description: string;
  /** What it does not measure when it is to be quick, in words. */
  omitted?: string;
  run(bench: Bench): Promise<void>;
  /** What was measured, for people. */
  tables(record: BenchRecord): Table[];
}

/** How a suite is run. */
export interface BenchOptions {
  /** Only what the targets speak of, or a few small jobs. */
  quick: boolean;
  machine: Machine;
  runs: number;
  progress: Progress;
  signal: AbortSignal;
}

/** A contender that measures itself in this process. */
export interface LocalContender {
  name: string;
  facts: ContenderFacts;
  prepare(job: Job): Turn | Promise<Turn>;
}

/** A job and who does it. */
export interface Entry {
  job: Job;
  /** A lighter job that warms the contender up for this one. */
  warmUp?: Job;
  contender: LocalContender | Peer;
}

/** What takes turns with each other, so that its figures can be compared. */
export type Heat = Entry[];

/** What a record says of the quantities that are no times in milliseconds. */
export type Units = Record<string, Measurement["unit"]>;

/** Runs a suite's jobs and keeps what they gave, be the run interrupted or not. */
export class Bench {
  readonly contenders: BenchRecord["contenders"] = {};
  readonly measurements: Measurement[] = [];
  readonly missing: BenchRecord["missing"] = [];

  constructor(readonly options: BenchOptions) {}

  /**
   * Lends peers to `work` and stops them afterwards. Those that do not start, and those that are too
   * slow to be what they are called, are noted as missing.
   */
  async withPeers<Result>(
    specs: PeerSpec[],
    work: (peers: Peer[]) => Promise<Result>,
  ): Promise<Result> {
    const peers: Peer[] = [];
    try {
      for (const spec of specs) {
        this.options.signal.throwIfAborted();
        const peer = await this.#attempt(spec.name, () => startPeer(spec, this.options.signal));
        if (peer) peers.push(peer);
      }
      return await work(await this.#trusted(peers));
    } finally {
      await Promise.all(peers.map((peer) => peer.stop()));
    }
  }

  /** The peers whose probes are no slower than the backend `agile` in WebAssembly among them. */
  async #trusted(peers: Peer[]): Promise<Peer[]> {
    const doubts = await doubtsAbout(peers, this.options.signal);
    for (const [{ name }, doubt] of doubts) this.noteMissing(name, doubt);
    return peers.filter((peer) => !doubts.has(peer));
  }

  /**
   * Measures heats one after the other, the entries of each in turns.
   *
   * @param seconds After which three rounds of a heat are enough.
   */
  async measure(
    label: string,
    heats: Heat[],
    units: Units = {},
    seconds = Infinity,
  ): Promise<void> {
    const { progress, signal, runs } = this.options;
    const total = heats.reduce((sum, heat) => sum + heat.length * (runs + 1), 0);
    let done = 0;
    progress.start(label, total);
    for (const heat of heats) {
      signal.throwIfAborted();
      progress.update(done, "preparing");
      const turns = await this.#prepare(heat, ({ job }) => job);
      const warmUps = await this.#prepare([...turns.keys()], ({ warmUp }) => warmUp);
      const onTurn = ({ contender }: Entry) => progress.update(done++, contender.name);
      const summaries = await takeTurns(turns, runs, { signal, onTurn, warmUps, seconds });
      for (const [{ job, contender }, quantities] of summaries) {
        this.contenders[contender.name] = contender.facts;
        for (const [quantity, summary] of Object.entries(quantities)) {
          const unit = units[quantity] ?? "ms";
          this.measurements.push({
            job,
            contender: contender.name,
            quantity,
            unit,
            ...summary,
          });
        }
      }
      for (const peer of new Set(heat.map(({ contender }) => contender))) {
        if ("clear" in peer) await peer.clear();
      }
    }
    progress.finish();
  }

  /**
   * The turns of those that have the job and can take it. Contenders prepare at once, since that is
   * not timed.
   */
  async #prepare(
    heat: Heat,
    jobOf: (entry: Entry) => Job | undefined,
  ): Promise<Map<Entry, Turn>> {
    const prepared = await Promise.all(heat.map(async (entry) => {
      const [job, { contender }] = [jobOf(entry), entry];
      const turn = job && await this.#attempt(contender.name, () => contender.prepare(job));
      return [entry, turn] as const;
    }));
    return new Map(prepared.filter((each): each is [Entry, Turn] => each[1] !== undefined));
  }

  /** What `work` gives; where it refuses, its refusal is noted under `contender`. */
  async #attempt<Result>(
    contender: string,
    work: () => Result | Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.noteMissing(contender, error.message);
    }
  }

  /** Says why a contender has no figures. */
  noteMissing(contender: string, reason: string): void {
    const known = this.missing.some((each) =>
      each.contender === contender && each.reason === reason
    );
    if (!known) this.missing.push({ contender, reason });
  }
}
