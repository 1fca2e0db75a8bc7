import { paintWith, withoutControl, type Paint } from "../present/paint.js";
import { durationText } from "../present/duration-text.js";
import { progressText } from "../present/progress-text.js";
import type { Progress, Report } from "../progress.js";

/** Where a command writes. Results go to stdout; progress goes to stderr, and on a terminal a line there shows what is going on now, and for how long. */
export interface Screen {
  readonly paint: Paint;
  readonly report: Report;
  /** Writes lines of a result. */
  readonly print: (lines: readonly string[]) => void;
  /** Writes a line beside the result: an error or a warning. */
  readonly tell: (line: string) => void;
  readonly close: () => void;
}

export interface ScreenOptions {
  readonly quiet: boolean;
  readonly colour: boolean;
  /** A program reads stdout: results are not printed as text. */
  readonly json: boolean;
}

const redrawMs = 120;
const clearLine = "\r\u001B[K";
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/** Without a terminal, a statement that goes on is mentioned this often, in milliseconds. */
const plainEveryMs = 5_000;

export function openScreen(options: ScreenOptions): Screen {
  const { stderr, stdout } = process;
  const paint = paintWith(options.colour);
  const harmless = (text: string): string => withoutControl(text, options.colour);
  const live = stderr.isTTY && !options.quiet;
  let current: { readonly text: string; readonly since: number } | null = null;
  let lastPlain = 0;
  let frame = 0;
  const clear = (): void => {
    if (live && current !== null) stderr.write(clearLine);
  };
  const draw = (): void => {
    if (current === null) return;
    frame = (frame + 1) % frames.length;
    const text = `${frames[frame]} ${harmless(current.text)} ${durationText(Date.now() - current.since)}`;
    stderr.write(`${clearLine}${paint.dim(text.slice(0, Math.max(20, (stderr.columns || 80) - 1)))}`);
  };
  const timer = live ? setInterval(draw, redrawMs) : null;
  timer?.unref();
  const tell = (line: string): void => {
    clear();
    stderr.write(`${harmless(line)}\n`);
    if (live) draw();
  };
  const report = (progress: Progress): void => {
    const shown = progressText(progress, paint);
    if (shown === null || options.quiet) return;
    if (shown.kind === "line") {
      clear();
      current = null;
      stderr.write(`${harmless(shown.text)}\n`);
    } else if (live) {
      current = { text: shown.text, since: current?.text === shown.text ? current.since : Date.now() };
      draw();
    } else if (progress.kind === "waiting" || progress.kind === "baking") {
      if (Date.now() - lastPlain < plainEveryMs) return;
      lastPlain = Date.now();
      stderr.write(`${harmless(shown.text)}\n`);
    }
  };
  return {
    paint,
    report,
    tell,
    print: (lines) => {
      clear();
      current = null;
      if (!options.json) stdout.write(lines.map((line) => `${harmless(line)}\n`).join(""));
    },
    close: () => {
      clear();
      current = null;
      if (timer !== null) clearInterval(timer);
    },
  };
}
