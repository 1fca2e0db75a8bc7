import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line that never ends is handed on in pieces of this size. */
const LINE_LIMIT = 65_536;

/** What a stream said. */
export interface Capture {
  /** The last `limit` characters: the end is where a result and an error stand. */
  readonly text: () => string;
  /** Resolves when the stream is closed and its last line handed on. */
  readonly closed: Promise<void>;
}

/** Reads a stream to its end, keeps the last `limit` characters and hands on each line as it comes, without its line end. */
export function captureOutput(stream: Readable, limit: number, onLine?: (line: string) => void): Capture {
  const decoder = new StringDecoder("utf8");
  let kept = "";
  let line = "";
  const take = (text: string): void => {
    kept += text;
    if (kept.length > 2 * limit) kept = kept.slice(-limit);
    if (onLine === undefined) return;
    const lines = (line + text).split(/\r?\n/u);
    line = lines.pop() ?? "";
    for (const whole of lines) onLine(whole);
    if (line.length < LINE_LIMIT) return;
    onLine(line);
    line = "";
  };
  stream.on("data", (chunk: Buffer) => take(decoder.write(chunk)));
  const closed = new Promise<void>((resolve) => {
    stream.once("close", () => {
      take(decoder.end());
      if (line !== "") onLine?.(line);
      resolve();
    });
  });
  return { text: () => kept.slice(-limit), closed };
}
