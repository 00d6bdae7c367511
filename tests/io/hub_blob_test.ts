import { assertEquals, assertRejects } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import { downloadBlob, type HubFile, partialBytes } from "../../lib/io/hub_blob.ts";
import type { HubAccess } from "../../lib/io/hub_request.ts";
import { broken, gitHash, HubServer, sha256Of } from "./hub_server.ts";
import { withFolder } from "./temporary_folder.ts";

const content = "content";
const url = "/org/tiny/resolve/main/a";

const withServer = (
  test: (server: HubServer, access: HubAccess, folder: string) => Promise<void>,
) =>
  withFolder(async (folder) => {
    await using server = new HubServer({ "models/org/tiny": { a: content, empty: "" } });
    const access = { endpoint: server.url, action: "download org/tiny", pauseMilliseconds: 1 };
    await test(server, access, folder);
  });

const placeIn = (folder: string) => ({ blob: `${folder}/blobs/a`, lock: `${folder}/locks/a.lock` });

for (const [kind, hash] of [["SHA-256", sha256Of(content)], ["git's", gitHash(content)]]) {
  Deno.test(`downloadBlob() checks ${kind} hash`, () =>
    withServer(async (server, access, folder) => {
      const place = placeIn(folder);
      const heard: number[] = [];
      const file: HubFile = { path: "a", size: content.length, hash };
      const download = (file: HubFile) =>
        downloadBlob(access, server.url + url, file, place, (bytes) => heard.push(bytes));
      const wrong = { ...file, hash: hash.replace(/^./, hash[0] === "a" ? "b" : "a") };
      await assertRejects(() => download(wrong), InputError, `a must have the hash ${wrong.hash}`);
      assertEquals(await partialBytes(place.blob), 0);
      await download(file);
      assertEquals(await Deno.readTextFile(place.blob), content);
      assertEquals(heard, [0, content.length, 0, content.length]);
    }));
}

Deno.test("downloadBlob() asks for no content that is there or empty", () =>
  withServer(async (server, access, folder) => {
    const place = placeIn(folder);
    const empty: HubFile = { path: "empty", size: 0, hash: gitHash("") };
    await downloadBlob(access, server.url + url, empty, place, () => {});
    assertEquals(await Deno.readTextFile(place.blob), "");
    await downloadBlob(access, server.url + url, { ...empty, size: 9 }, place, () => {});
    assertEquals(server.asked, []);
  }));

Deno.test("downloadBlob() only checks what is whole, and drops what is too long", () =>
  withServer(async (server, access, folder) => {
    const place = placeIn(folder);
    const file: HubFile = { path: "a", size: content.length, hash: gitHash(content) };
    const begin = async (text: string) => {
      await Deno.remove(place.blob).catch(() => {});
      await Deno.writeTextFile(`${place.blob}.incomplete`, text);
    };
    await Deno.mkdir(`${folder}/blobs`);
    await begin(content);
    assertEquals(await partialBytes(place.blob), content.length);
    await downloadBlob(access, server.url + url, file, place, () => {});
    assertEquals(server.asked.length, 0);
    await begin(`${content} and more`);
    await downloadBlob(access, server.url + url, file, place, () => {});
    assertEquals(server.asked.map(({ range }) => range), ["bytes=0-"]);
    assertEquals(await Deno.readTextFile(place.blob), content);
  }));

Deno.test("partialBytes() counts none where another process has just finished", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.incomplete`;
    const counts: Promise<number>[] = [];
    for (let turn = 0; turn < 200; turn++) {
      await Deno.writeTextFile(path, "abc");
      counts.push(partialBytes(`${folder}/a`));
      await Deno.rename(path, `${folder}/a`);
    }
    for (const count of await Promise.all(counts)) assertEquals([0, 3].includes(count), true);
  }));

Deno.test("downloadBlob() asks again where other bytes come than it asked for", () =>
  withServer(async (server, access, folder) => {
    let first = true;
    server.intercept = () => {
      const headers = { "Content-Range": "bytes 3-6/7" };
      const response = first ? new Response("tent", { status: 206, headers }) : undefined;
      first = false;
      return response;
    };
    const file: HubFile = { path: "a", size: content.length, hash: gitHash(content) };
    await downloadBlob(access, server.url + url, file, placeIn(folder), () => {});
    assertEquals(await Deno.readTextFile(placeIn(folder).blob), content);
    assertEquals(server.asked.length, 2);
  }));

/** Runs a test as where the file system has no locks. */
async function withoutLocks(test: () => Promise<void>): Promise<void> {
  const { tryLock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLock = () => Promise.reject(new Deno.errors.NotSupported());
  try {
    await test();
  } finally {
    Deno.FsFile.prototype.tryLock = tryLock;
  }
}

Deno.test("downloadBlob() of several that see no locks of each other gives a whole blob", () =>
  withoutLocks(() =>
    withServer(async (server, access, folder) => {
      const random = seededRandom(1);
      const large = Uint8Array.from({ length: 200_000 }, () => random.integer(0, 255));
      const file: HubFile = { path: "a", size: large.length, hash: sha256Of(large) };
      const place = placeIn(folder);
      server.intercept = async ({ range }) => {
        const start = Number(range!.match(/\d+/));
        const part = large.slice(start, start + random.integer(1, 60_000));
        await new Promise((resolve) => setTimeout(resolve, random.integer(0, 20)));
        const headers = { "Content-Range": `bytes ${start}-${large.length - 1}/${large.length}` };
        const isLast = start + part.length === large.length;
        return isLast ? new Response(part, { status: 206, headers }) : broken(part, headers, 206);
      };
      for (let turn = 0; turn < 10; turn++) {
        const each = () => downloadBlob(access, server.url + url, file, place, () => {});
        await Promise.all([each(), each(), each()]);
        assertEquals(await Deno.readFile(place.blob), large);
        await Deno.remove(place.blob);
        await Deno.remove(`${place.blob}.incomplete`).catch(() => {});
      }
    })
  ));
