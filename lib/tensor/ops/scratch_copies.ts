import type { AgileBackend } from "../agile.ts";

/**
 * Calls `work` with the addresses of copies of these arrays, which are gone when it returns; 0 stands for
 * an array that is not there.
 */
export function withCopies<Result>(
  backend: AgileBackend,
  arrays: readonly (Float32Array | Int32Array | undefined)[],
  work: (...addresses: number[]) => Result,
): Result {
  const there = arrays.filter((array) => array !== undefined);
  return backend.scratch(there.map(({ byteLength }) => byteLength), (...addresses) => {
    const rest = addresses.values();
    return work(...arrays.map((array) => {
      if (!array) return 0;
      const address = rest.next().value!;
      const { buffer, byteOffset, byteLength } = array;
      backend.view(Uint8Array, address, byteLength).set(
        new Uint8Array(buffer, byteOffset, byteLength),
      );
      return address;
    }));
  });
}
