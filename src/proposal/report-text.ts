import { isUtf8 } from "node:buffer";
import { reportError } from "./report-error.js";

/** Many times the longest report, and little enough that the worst of texts is answered in seconds. */
export const REPORT_LIMIT_BYTES = 262_144;
export const REPORT_LIMIT_LINES = 10_000;

const LINE_FEED = 0x0a;

/**
 * The text of a report: without a byte order mark, its lines ended by a line feed alone.
 *
 * @throws BelayError `proposal-too-large`, `proposal-binary` or `proposal-empty`.
 */
export function readReportText(content: string | Uint8Array, source: string): string {
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : Buffer.from(content);
  refuseTooLarge(bytes, source);
  refuseBinary(bytes, source);
  refuseTooManyLines(bytes, source);
  const text = new TextDecoder().decode(bytes).replaceAll(/\r\n?/g, "\n");
  if (text.trim() === "") {
    throw reportError({ source, line: 1 }, "empty", "a report in Markdown that starts with its head", "an empty file");
  }
  return text;
}

function refuseTooLarge(bytes: Buffer, source: string): void {
  if (bytes.length <= REPORT_LIMIT_BYTES) return;
  const expected = `a report of at most 256 KiB (${REPORT_LIMIT_BYTES} bytes)`;
  throw reportError({ source, line: 1 }, "too-large", expected, `${bytes.length} bytes`);
}

function refuseTooManyLines(bytes: Buffer, source: string): void {
  const lines = countLineFeeds(bytes) + 1;
  if (lines <= REPORT_LIMIT_LINES) return;
  const place = { source, line: REPORT_LIMIT_LINES + 1 };
  throw reportError(place, "too-large", `a report of at most ${REPORT_LIMIT_LINES} lines`, `${lines} lines`);
}

function refuseBinary(bytes: Buffer, source: string): void {
  const nulAt = bytes.indexOf(0);
  if (nulAt !== -1) {
    const line = countLineFeeds(bytes.subarray(0, nulAt)) + 1;
    throw reportError({ source, line }, "binary", "a text in UTF-8", "a NUL byte, as binary files have them");
  }
  if (isUtf8(bytes)) return;
  throw reportError({ source, line: firstBrokenLine(bytes) }, "binary", "a text in UTF-8", "bytes that are not UTF-8");
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === LINE_FEED) count += 1;
  return count;
}

/** A line feed is never part of a longer UTF-8 sequence, so each line can be judged alone. */
function firstBrokenLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(LINE_FEED, start);
    const stop = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) return line;
    start = stop + 1;
  }
  return line;
}
