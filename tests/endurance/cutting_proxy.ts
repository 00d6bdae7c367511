/** An answer that was on its way when its connection was cut. */
export interface CutAnswer {
  /** The head of the request. */
  request: string;
  /** How many bytes of the answer's body have come. */
  body: number;
}

/** Hands on connections to a server on this machine, and cuts them where it is told to. */
export class CuttingProxy implements AsyncDisposable {
  /** After how many bytes for clients connections are cut, all bytes counted together; ascending. */
  cuts: number[] = [];
  /** Whether connections are cut as soon as they come, from the next cut on. */
  staysDown = false;
  /** How many bytes clients have got. */
  passed = 0;
  /** What was cut. */
  readonly cutAnswers: CutAnswer[] = [];
  #isDown = false;
  #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  #open = new Set<Deno.Conn>();
  #serving: Promise<void>;

  /** @param port Of the server. */
  constructor(private readonly port: number) {
    this.#serving = this.#serve();
  }

  /** Its address. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Lets connections pass again. */
  comeUp(): void {
    this.#isDown = this.staysDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of [...this.#open]) this.#close(connection);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const handled: Promise<void>[] = [];
    for await (const client of this.#listener) {
      if (this.#isDown) client.close();
      else handled.push(this.#handle(client));
    }
    await Promise.all(handled);
  }

  async #handle(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ port: this.port, hostname: "127.0.0.1" });
    const both = [client, server];
    for (const each of both) this.#open.add(each);
    let [request, answer] = ["", ""];
    const asking = pump(client, async (bytes) => {
      [request, answer] = [latin1(bytes), ""];
      await writeAll(server, bytes);
      return true;
    });
    const answering = pump(server, async (bytes) => {
      const [cut = Infinity] = this.cuts;
      const part = bytes.slice(0, Math.max(0, cut - this.passed));
      this.passed += part.length;
      answer += latin1(part);
      const isCut = this.passed >= cut;
      if (isCut) {
        this.cuts.shift();
        this.cutAnswers.push({ request, body: Math.max(0, answer.length - headLength(answer)) });
        this.#isDown = this.staysDown;
      }
      await writeAll(client, part);
      return !isCut;
    });
    await Promise.race([asking, answering]);
    for (const each of both) this.#close(each);
    await Promise.all([asking, answering]);
  }

  #close(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}

/** Hands on what comes until nothing more does, or `take` says that it is enough. */
async function pump(
  from: Deno.Conn,
  take: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  const buffer = new Uint8Array(1 << 14);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null || !await take(buffer.slice(0, count))) return;
    }
  } catch {
    // The other side has closed the connection.
  }
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
}

/** The length of an answer's head, or of all of it where it has no more. */
function headLength(answer: string): number {
  const end = answer.indexOf("\r\n\r\n");
  return end < 0 ? answer.length : end + 4;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
