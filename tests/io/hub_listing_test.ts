import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { contentUrl, listFolder, listPaths, resolveCommit } from "../../lib/io/hub_listing.ts";
import type { HubRepository } from "../../lib/io/hub_repository.ts";
import type { HubAccess } from "../../lib/io/hub_request.ts";
import { commit, gitHash, HubServer, sha256Of } from "./hub_server.ts";

const large = "x".repeat(5000);
const repositories = {
  "models/org/tiny": { a: "1", b: "2", c: "3", d: "4", e: "5", f: large, "folder/g": "6" },
  "datasets/org/texts": { "en/a": "1", "en/b": large },
};
const model: HubRepository = { kind: "model", name: "org/tiny", revision: "main" };
const texts: HubRepository = { ...model, kind: "dataset", name: "org/texts" };

async function withServer(test: (server: HubServer, access: HubAccess) => Promise<void>) {
  await using server = new HubServer(repositories);
  const access = { endpoint: server.url, action: "download org/tiny", pauseMilliseconds: 1 };
  await test(server, access);
}

Deno.test("resolveCommit() asks for a branch, not for a commit", () =>
  withServer(async (server, access) => {
    assertEquals(await resolveCommit(access, model), commit);
    assertEquals(
      await resolveCommit(access, { ...texts, revision: "refs/convert/parquet" }),
      commit,
    );
    assertEquals(server.asked.length, 2);
    assertEquals(
      await resolveCommit(access, { ...model, revision: "b".repeat(40) }),
      "b".repeat(40),
    );
    assertEquals(server.asked.length, 2);
  }));

Deno.test("listFolder() reads all pages, and the hash of a file as the hub stores it", () =>
  withServer(async (server, access) => {
    const files = await listFolder(access, model, commit);
    assertEquals([...files.keys()], ["a", "b", "c", "d", "e", "f"]);
    assertEquals(files.get("a"), { path: "a", size: 1, hash: gitHash("1") });
    assertEquals(files.get("f"), { path: "f", size: 5000, hash: sha256Of(large) });
    assertEquals(server.asked.length, 2);
  }));

Deno.test("listPaths() leaves out what is not there", () =>
  withServer(async (_server, access) => {
    const files = await listPaths(access, texts, commit, ["en/b", "en/c"]);
    assertEquals([...files.values()], [{ path: "en/b", size: 5000, hash: sha256Of(large) }]);
  }));

Deno.test("contentUrl() escapes what a name may have", () => {
  const access = { endpoint: "http://hub", action: "" };
  assertEquals(
    contentUrl(access, model, "c", "a b#.txt"),
    "http://hub/org/tiny/resolve/c/a%20b%23.txt",
  );
  assertEquals(
    contentUrl(access, texts, "c", "en/a"),
    "http://hub/datasets/org/texts/resolve/c/en/a",
  );
});

const entry = { type: "file", path: "a", size: 1, oid: gitHash("1") };

for (
  const [what, answer] of [
    [
      "a page for people",
      () => new Response("<html>", { headers: { "Content-Type": "text/html" } }),
    ],
    ["no list", () => Response.json({ error: "none" })],
    ["a file without hash", () => Response.json([{ ...entry, oid: undefined }])],
    ["a hash that is a path", () => Response.json([{ ...entry, oid: "../../config" }])],
    ["a path that is none", () => Response.json([{ ...entry, path: 7 }])],
    ["a size that is none", () => Response.json([{ ...entry, size: -1 }])],
  ] as const
) {
  Deno.test(`listFolder() refuses ${what}`, () =>
    withServer(async (server, access) => {
      server.intercept = answer;
      await assertRejects(
        () => listFolder(access, model, commit),
        InputError,
        `Cannot download org/tiny: ${server.url} must answer as the hub does, got "`,
      );
    }));
}

Deno.test("listFolder() refuses pages without end", () =>
  withServer(async (server, access) => {
    const next = `<${server.url}/again>; rel="next"`;
    server.intercept = () => Response.json([], { headers: { Link: next } });
    const message = `Cannot download org/tiny: ${server.url} must answer in at most 100 pages`;
    await assertRejects(() => listFolder(access, model, commit), InputError, message);
    assertEquals(server.asked.length, 100);
  }));

Deno.test("resolveCommit() refuses a commit that is none", () =>
  withServer(async (server, access) => {
    server.intercept = () => Response.json({ sha: "../.." });
    const message = 'Cannot download org/tiny: the hub must name a commit, got "../.."';
    await assertRejects(() => resolveCommit(access, model), InputError, message);
  }));
