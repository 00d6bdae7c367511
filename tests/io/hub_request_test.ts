import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  askHub,
  attempts,
  bodyOf,
  type HubAccess,
  hubFetch,
  isOutage,
  pauseBefore,
  refuseOutage,
} from "../../lib/io/hub_request.ts";
import { broken, failure, HubServer } from "./hub_server.ts";

async function withServer(test: (server: HubServer, access: HubAccess) => Promise<void>) {
  await using server = new HubServer({ "models/org/tiny": { "config.json": "{}" } });
  const access = { endpoint: server.url, action: "download org/tiny", pauseMilliseconds: 1 };
  await test(server, access);
}

/** Answers with these, one after the other, and then as the stand-in does. */
function answers(...responses: Response[]): HubServer["intercept"] {
  return () => responses.shift();
}

const path = "/org/tiny/resolve/main/config.json";

for (
  const [what, code, token, rule] of [
    [
      401,
      "GatedRepo",
      undefined,
      "HF_TOKEN must be of an account that has accepted its terms at HUB",
    ],
    [403, "GatedRepo", "hf_a", "HF_TOKEN must be of an account that has accepted its terms at HUB"],
    [401, undefined, undefined, "HUB must have the repository; a private one needs HF_TOKEN"],
    [401, "RepoNotFound", "hf_a", "HUB must have the repository; a private one needs HF_TOKEN"],
    [401, undefined, "hf_a", "HF_TOKEN must be valid"],
    [403, undefined, "hf_a", "HF_TOKEN must give access to it"],
    [404, "RepoNotFound", undefined, "HUB must have the repository; a private one needs HF_TOKEN"],
    [404, "RevisionNotFound", undefined, "the repository must have the revision"],
    [404, "EntryNotFound", undefined, "the repository must have the file"],
    [400, undefined, undefined, "HUB must answer"],
  ] as const
) {
  Deno.test(`askHub() refuses ${what} ${code ?? ""} at once ${token ? "with a token" : ""}`, () =>
    withServer(async (server, access) => {
      server.intercept = () => failure(what, code);
      const error = await assertRejects(() => askHub({ ...access, token }, server.url), InputError);
      const message = `Cannot download org/tiny: ${rule}, got ${what}`;
      assertEquals(error.message, message.replace("HUB", server.url));
      assertEquals(server.asked.length, 1);
    }));
}

for (const status of [408, 429, 500, 502, 503]) {
  Deno.test(`askHub() asks again after ${status}, and refuses it in the end`, () =>
    withServer(async (server, access) => {
      server.intercept = answers(failure(status), failure(status));
      assertEquals(await (await askHub(access, server.url + path)).text(), "{}");
      assertEquals(server.asked.length, 3);

      server.intercept = () => failure(status);
      const error = await assertRejects(() => askHub(access, server.url), InputError);
      assertMatch(
        error.message,
        new RegExp(`^Cannot download org/tiny: http.* must .*, got ${status}$`),
      );
      assertEquals(server.asked.length, 3 + attempts);
    }));
}

Deno.test("askHub() waits as long as a busy hub asks for", () =>
  withServer(async (server, access) => {
    server.intercept = answers(failure(429, undefined, { "Retry-After": "1" }));
    const started = performance.now();
    await (await askHub(access, server.url + path)).body?.cancel();
    assertEquals(performance.now() - started >= 990, true);
  }));

Deno.test("askHub() does not wait for an hour", () =>
  withServer(async (server, access) => {
    const date = new Date(Date.now() + 3_700_000).toUTCString();
    for (const wait of ["3600", date]) {
      server.intercept = () => failure(429, undefined, { "Retry-After": wait });
      const { message } = await assertRejects(() => askHub(access, server.url), InputError);
      assertMatch(message, /must allow further requests, the next in \d{4} s, got 429$/);
    }
    assertEquals(server.asked.length, 2);
  }));

Deno.test("askHub() follows redirections, with the token on the same host alone", () =>
  withServer(async (server, access) => {
    await using other = new HubServer({});
    other.intercept = () => new Response("there");
    const goTo = (Location: string) => new Response(null, { status: 307, headers: { Location } });
    server.intercept = answers(goTo("/new/name"), goTo(`${other.url}/file`));
    const response = await askHub({ ...access, token: "hf_a" }, server.url);
    assertEquals(await response.text(), "there");
    const tokens = [...server.asked, ...other.asked].map(({ authorization }) => authorization);
    assertEquals(tokens, ["Bearer hf_a", "Bearer hf_a", null]);
    await (await askHub({ ...access, token: "hf_a" }, `${other.url}/page`)).body?.cancel();
    assertEquals(other.asked[1].authorization, null);
  }));

Deno.test("askHub() refuses a hub that nobody reaches", async () => {
  const server = new HubServer({});
  await server[Symbol.asyncDispose]();
  const access = { endpoint: server.url, action: "download org/tiny", pauseMilliseconds: 1 };
  const message = `Cannot download org/tiny: ${server.url} must be reachable, got "`;
  await assertRejects(() => askHub(access, server.url), InputError, message);
});

Deno.test("askHub() does not wait for ever for an answer, nor after it was stopped", () =>
  withServer(async (server, access) => {
    const { promise: never, resolve } = Promise.withResolvers<undefined>();
    server.intercept = () => never;
    const message = `${server.url} must be reachable, got "no bytes came in time"`;
    const impatient = { ...access, patienceMilliseconds: 20 };
    await assertRejects(() => askHub(impatient, server.url), InputError, message);
    const signal = AbortSignal.timeout(20);
    const reason = await askHub({ ...access, signal }, server.url).catch((error) => error);
    assertEquals(reason === signal.reason, true);
    resolve(undefined);
  }));

Deno.test("bodyOf() does not wait for ever for further bytes", () =>
  withServer(async (server, access) => {
    server.intercept = () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(7)),
        }),
      );
    const response = await askHub(access, server.url);
    let bytes = 0;
    await assertRejects(
      async () => {
        for await (const piece of bodyOf(response, { ...access, patienceMilliseconds: 50 })) {
          bytes += piece.length;
        }
      },
      DOMException,
      "no bytes came in time",
    );
    assertEquals(bytes, 7);
  }));

Deno.test("hubFetch() reads an answer to its end, if need be twice", () =>
  withServer(async (server, access) => {
    server.intercept = answers(broken(new Uint8Array(10)));
    const response = await hubFetch(access)(new URL(server.url + path), {
      headers: { Accept: "a" },
    });
    assertEquals([response.status, await response.text()], [200, "{}"]);
    assertEquals(response.headers.get("X-Repo-Commit")?.length, 40);

    server.intercept = () => broken(new Uint8Array(10));
    const message = `Cannot download org/tiny: ${server.url} must be reachable, got "`;
    await assertRejects(() => hubFetch(access)(server.url), InputError, message);
  }));

Deno.test("hubFetch() refuses an answer without end", () =>
  withServer(async (server, access) => {
    const zeros = new Uint8Array(2 ** 20);
    const body = () => new ReadableStream({ pull: (stream) => stream.enqueue(zeros) });
    server.intercept = () => new Response(body());
    const message = `${server.url} must answer in at most 67108864 bytes`;
    await assertRejects(() => hubFetch(access)(server.url), InputError, message);
  }));

Deno.test("isOutage() is no refusal of ours, nor of Deno", () => {
  const access = { endpoint: "http://hub", action: "download a/b" };
  const errors = [new TypeError("a"), new InputError("a"), new Deno.errors.NotCapable("a")];
  assertEquals(errors.map((error) => isOutage(error, access)), [true, false, false]);
});

Deno.test("refuseOutage() throws what is no outage as it is", async () => {
  const access = { endpoint: "http://hub", action: "download a/b" };
  const refusal = new InputError("Cannot a: b");
  const thrown = await assertRejects(() => Promise.try(() => refuseOutage(refusal, access)));
  assertEquals(thrown === refusal, true);
});

Deno.test("pauseBefore() ends where its signal is aborted", async () => {
  const signal = AbortSignal.timeout(10);
  const access = { endpoint: "http://hub", action: "", signal };
  assertEquals(await pauseBefore(access, 1, 100).catch((error) => error === signal.reason), true);
});
