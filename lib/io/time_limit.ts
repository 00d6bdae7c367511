import vm from "node:vm";
import { refuse } from "../core/mod.ts";

/** What the work is called by: code of a context of its own can be stopped from outside. */
interface Caller {
  sandbox: { work?: () => unknown };
  context: vm.Context;
  call: vm.Script;
}

let caller: Caller | undefined;

function makeCaller(): Caller {
  const sandbox = {};
  return { sandbox, context: vm.createContext(sandbox), call: new vm.Script("work()") };
}

/**
 * Does work that may never end of itself, such as matching a regular expression from a file. It runs
 * on this thread and is stopped wherever it is.
 *
 * @param seconds How long it may take.
 * @param rule What the input must fulfil to be done in time, for the message.
 * @throws {InputError} If the time is over.
 */
export function withinSeconds<Result>(
  seconds: number,
  action: string,
  rule: string,
  work: () => Result,
): Result {
  const { sandbox, context, call } = caller ??= makeCaller();
  const { work: outer } = sandbox;
  sandbox.work = work;
  try {
    return call.runInContext(context, { timeout: Math.ceil(1000 * seconds) });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    refuse(action, `${rule} within ${Math.ceil(seconds)} seconds`);
  } finally {
    sandbox.work = outer; // what the work holds can be freed
  }
}
