/**
 * Has this process read small files in memory without a thread that does it meanwhile: to wait for that costs
 * more than the reading.
 */
export function readAtOnce(): void {
  const { FsFile, statSync, openSync, readFileSync } = Deno;
  Object.assign(Deno, {
    stat: atOnce(statSync),
    open: atOnce(openSync),
    readFile: atOnce(readFileSync),
  });
  Object.assign(FsFile.prototype, {
    read: atOnce(FsFile.prototype.readSync),
    stat: atOnce(FsFile.prototype.statSync),
  });
}

/** The same as a promise, which what is thrown rejects. */
function atOnce<Owner, Args extends unknown[], Result>(
  call: (this: Owner, ...args: Args) => Result,
): (this: Owner, ...args: Args) => Promise<Result> {
  return function (...args) {
    return new Promise((resolve) => resolve(call.apply(this, args)));
  };
}
