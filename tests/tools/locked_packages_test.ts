import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { lockedPackages, readLock } from "../../tools/locked_packages.ts";
import { withFiles } from "./small_tree.ts";

const lock = {
  specifiers: {
    "npm:@scope/one@1.0.0": "1.0.0_peer@3.0.0",
    "npm:two@2.0.0": "2.0.0",
    "npm:lost@1.0.0": "1.0.0",
  },
  npm: {
    "@scope/one@1.0.0_peer@3.0.0": { integrity: "i1", dependencies: ["peer", "inner@1.5.0"] },
    "two@2.0.0": { integrity: "i2", optionalDependencies: ["inner@2.5.0"] },
    "peer@3.0.0": { integrity: "i3", dependencies: ["@scope/one"] },
    "inner@1.5.0": { integrity: "i4" },
    "inner@2.5.0": { integrity: "i5" },
    "innermost@1.0.0": { integrity: "i6" },
  },
};
const imports = { "two": "npm:two@2.0.0", "twofold": "npm:lost@1.0.0" };

Deno.test("lockedPackages() are those of the specifiers with all they depend on", () => {
  assertEquals(lockedPackages(["npm:@scope/one@1.0.0"], lock, imports), [
    "@scope/one@1.0.0_peer@3.0.0 i1",
    "inner@1.5.0 i4",
    "peer@3.0.0 i3",
  ]);
  for (const specifier of ["two", "two/path.js", "npm:two@2.0.0", "npm:two@2.0.0/path.js"]) {
    const found = lockedPackages([specifier], lock, imports);
    assertEquals(found, ["inner@2.5.0 i5", "two@2.0.0 i2"]);
  }
});

for (
  const specifier of ["three", "npm:three@1.0.0", "jsr:@scope/one", "https://example.org/a.ts"]
) {
  Deno.test(`lockedPackages() refuses ${specifier}, which the lock file lacks`, () => {
    const message = `Cannot read deno.lock: it must have every package, got "${specifier}"`;
    assertThrows(() => lockedPackages([specifier], lock, imports), InputError, message);
  });
}

Deno.test("lockedPackages() refuses what is named in the lock file, but not described", () => {
  const message = 'Cannot read deno.lock: it must have every package, got "lost@1.0.0"';
  assertThrows(() => lockedPackages(["twofold"], lock, imports), InputError, message);
});

for (
  const text of [
    ...["[]", "null", "{}", '{"specifiers":{}}', '{"specifiers":{},"npm":[]}'],
    '{"specifiers":{"npm:a@1":{}},"npm":{}}',
    '{"specifiers":{},"npm":{"a@1":null}}',
    '{"specifiers":{},"npm":{"a@1":{"integrity":"i","dependencies":7}}}',
  ]
) {
  Deno.test(`readLock() refuses ${text}`, () =>
    withFiles({ "deno.lock": text }, async (root) => {
      const message = `Cannot read ${root}/deno.lock: it must be a lock file that Deno wrote`;
      await assertRejects(() => readLock(`${root}/deno.lock`), InputError, message);
    }));
}

Deno.test("readLock() reads a lock file", () =>
  withFiles({ "deno.lock": JSON.stringify(lock) }, async (root) => {
    assertEquals(await readLock(`${root}/deno.lock`), lock);
  }));
