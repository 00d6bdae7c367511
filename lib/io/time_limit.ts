import process from "node:process";
import vm from "node:vm";
import { refuse } from "../core/mod.ts";

/** What the work is called by: code of a context of its own can be stopped from outside. */
interface Caller {
  sandbox: { work?: () => unknown };
  context: vm.Context;
  call: vm.Script;
}

let caller: Caller | undefined;

/** How often work is begun on a machine that has no time for it. */
const mostAttempts = 6;

function makeCaller(): Caller {
  const sandbox = {};
  return { sandbox, context: vm.createContext(sandbox), call: new vm.Script("work()") };
}

/**
 * Does work that may never end of itself, such as matching a regular expression from a file. It runs
 * on this thread and is stopped wherever it is. Where the machine had little time for it meanwhile, it begins
 * anew with twice as long.
 *
 * @param seconds How long it may take on a machine that does nothing else.
 * @param work Can be done again.
 * @param rule What the input must fulfil to be done in time, for the message.
 * @param cpuSeconds What the machine has given this process so far.
 * @throws {InputError} If the time is over.
 */
export function withinSeconds<Result>(
  seconds: number,
  action: string,
  rule: string,
  work: () => Result,
  cpuSeconds: () => number = usedSeconds,
): Result {
  const { sandbox, context, call } = caller ??= makeCaller();
  const { work: outer } = sandbox;
  sandbox.work = work;
  try {
    for (let attempt = 1;; attempt++) {
      const before = cpuSeconds();
      const limit = seconds * 2 ** (attempt - 1);
      try {
        return call.runInContext(context, { timeout: Math.ceil(1000 * limit) });
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
        const hadTime = cpuSeconds() - before > seconds / 2;
        if (hadTime || attempt === mostAttempts) {
          refuse(action, `${rule} within ${Math.ceil(seconds)} seconds`);
        }
      }
    }
  } finally {
    sandbox.work = outer; // what the work holds can be freed
  }
}

function usedSeconds(): number {
  const { user, system } = process.cpuUsage(); // microseconds
  return (user + system) / 1e6;
}
