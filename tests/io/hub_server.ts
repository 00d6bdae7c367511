import { createHash } from "node:crypto";

/** Files from this size on lie on another host, as large ones of the hub do. */
const largeBytes = 1000;

/** How many files a page of a listing has. */
const pageLength = 3;

/** What the repositories of a stand-in have: by `models/org/name`, contents by path. */
export type Repositories = Record<string, Record<string, string | Uint8Array>>;

/** A request as it came in. */
export interface Asked {
  method: string;
  /** Of the address, query included. */
  path: string;
  host: "hub" | "cdn";
  authorization: string | null;
  range: string | null;
  encoding: string | null;
}

/** Answers a request in the place of the stand-in, where it gives something. */
export type Intercept = (asked: Asked) => Response | undefined | Promise<Response | undefined>;

/** The commit that all revisions of the stand-in's repositories are at. */
export const commit = "0123456789abcdef0123456789abcdef01234567";

/**
 * A server on this machine that speaks the protocol of the Hugging Face hub as far as downloads need it:
 * infos, listings in pages, infos of paths, and contents, large ones by way of a second server.
 */
export class HubServer implements AsyncDisposable {
  /** Every request so far. */
  readonly asked: Asked[] = [];
  /** Faults. */
  intercept: Intercept = () => undefined;
  #repositories: Repositories;
  #hub: Deno.HttpServer<Deno.NetAddr>;
  #cdn: Deno.HttpServer<Deno.NetAddr>;

  constructor(repositories: Repositories) {
    this.#repositories = repositories;
    const serve = (host: Asked["host"], answer: (path: string, request: Request) => unknown) =>
      Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
        const { pathname, search } = new URL(request.url);
        const { method, headers } = request;
        const asked: Asked = {
          ...{ method, path: decodeURIComponent(pathname) + search, host },
          authorization: headers.get("Authorization"),
          range: headers.get("Range"),
          encoding: headers.get("Accept-Encoding"),
        };
        this.asked.push(asked);
        const path = decodeURIComponent(pathname).slice(1);
        return await this.intercept(asked) ?? await answer(path, request) as Response;
      });
    this.#hub = serve("hub", (path, request) => this.#answer(path, request));
    this.#cdn = serve("cdn", (path, request) => this.#contentOf(path, request));
  }

  /** Its address. */
  get url(): string {
    return `http://127.0.0.1:${this.#hub.addr.port}`;
  }

  /** Requests for the content of a file. */
  contents(path: string): Asked[] {
    return this.asked.filter((asked) =>
      asked.path.includes(`/resolve/`) && asked.path.endsWith(path)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#hub.shutdown(), this.#cdn.shutdown()]);
  }

  async #answer(path: string, request: Request): Promise<Response> {
    const api = path.match(/^api\/(\w+\/[^/]+\/[^/]+)\/(revision|tree|paths-info)\/(.+)$/);
    if (!api) return this.#resolve(path, request);
    const [, name, what, rest] = api;
    const files = this.#repositories[name];
    if (!files) return failure(404, "RepoNotFound");
    if (what === "revision") {
      if (!isRevision(rest)) return failure(404, "RevisionNotFound");
      return Response.json({ _id: "1", id: name.replace(/^\w+\//, ""), sha: commit });
    }
    if (what === "paths-info") {
      const { paths } = await request.json();
      const there = Object.keys(files).filter((path) => paths.includes(path));
      return Response.json(there.map((path) => entryOf(path, files[path])));
    }
    const url = new URL(request.url);
    const names = Object.keys(files).filter((path) => !path.includes("/")).sort();
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const page = names.slice(from, from + pageLength).map((path) => entryOf(path, files[path]));
    url.searchParams.set("cursor", String(from + pageLength));
    const isLast = from + pageLength >= names.length;
    const headers: HeadersInit = isLast ? {} : { Link: `<${url}>; rel="next"` };
    return Response.json([{ type: "directory", path: "onnx", oid: "", size: 0 }, ...page], {
      headers,
    });
  }

  #resolve(path: string, request: Request): Response | Promise<Response> {
    const [, kind, name, revision, file] =
      path.match(/^(datasets\/)?([^/]+\/[^/]+)\/resolve\/(refs\/[^/]+\/[^/]+|[^/]+)\/(.+)$/) ?? [];
    const repository = `${kind ?? "models/"}${name}`;
    const content = this.#repositories[repository]?.[file];
    if (!this.#repositories[repository]) return failure(404, "RepoNotFound");
    if (!isRevision(revision)) return failure(404, "RevisionNotFound");
    if (content === undefined) return failure(404, "EntryNotFound");
    const { size, oid, lfs } = entryOf(file, content);
    const headers: Record<string, string> = { "X-Repo-Commit": commit, ETag: `"${oid}"` };
    if (!lfs) return answerRange(bytesOf(content), request, headers);
    headers["X-Linked-ETag"] = `"${lfs.oid}"`;
    headers["X-Linked-Size"] = String(size);
    headers.Location = `http://127.0.0.1:${this.#cdn.addr.port}/${repository}/${file}`;
    return new Response(null, { status: 302, headers });
  }

  #contentOf(path: string, request: Request): Response {
    const [, repository, file] = path.match(/^(\w+\/[^/]+\/[^/]+)\/(.+)$/)!;
    return answerRange(bytesOf(this.#repositories[repository][file]), request, { ETag: '"cdn"' });
  }
}

/** The answer of a hub that refuses. */
export function failure(status: number, code?: string, headers: HeadersInit = {}): Response {
  const codes: HeadersInit = code ? { "X-Error-Code": code } : {};
  return Response.json({ error: code }, { status, headers: { ...codes, ...headers } });
}

/** An answer that ends before what it has announced, as where a connection breaks. */
export function broken(bytes: Uint8Array, headers: HeadersInit = {}, status = 200): Response {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
  const announced = { "Content-Length": String(bytes.length + 1) };
  return new Response(body, { status, headers: { ...announced, ...headers } });
}

/** The part of a content that a request asks for. */
export function answerRange(bytes: Uint8Array, request: Request, headers: HeadersInit): Response {
  const start = Number(request.headers.get("Range")?.match(/^bytes=(\d+)-/)?.[1] ?? -1);
  if (start < 0) return new Response(Uint8Array.from(bytes), { headers });
  if (start >= bytes.length) return new Response(null, { status: 416, headers });
  const range = { "Content-Range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  return new Response(bytes.slice(start), { status: 206, headers: { ...headers, ...range } });
}

/** What git calls a content. */
export function gitHash(content: string | Uint8Array): string {
  const bytes = bytesOf(content);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** The SHA-256 of a content. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(bytesOf(content)).digest("hex");
}

function isRevision(revision: string): boolean {
  return revision === commit || revision === "main" || revision.startsWith("refs/");
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

function entryOf(path: string, content: string | Uint8Array) {
  const { length: size } = bytesOf(content);
  const file = { type: "file", path, size, oid: gitHash(content) };
  return size < largeBytes
    ? { ...file, lfs: undefined }
    : { ...file, lfs: { oid: sha256Of(content), size, pointerSize: 130 } };
}
