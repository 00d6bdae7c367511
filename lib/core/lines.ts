/**
 * The lines of a stream of text in UTF-8, without their ends, as they come in. What the last line end is
 * not behind is no line.
 */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let begun: string[] = [];
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const [end, ...others] = text.split("\n");
    begun.push(end);
    for (const other of others) {
      yield begun.join("");
      begun = [other];
    }
  }
}
