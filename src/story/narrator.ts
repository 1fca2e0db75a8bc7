import { paintWith, type Paint } from "../present/paint.js";

/** The voice of the story: what it says between the commands. */
export interface Narrator {
  readonly paint: Paint;
  /** The heading of a step. */
  step(title: string): void;
  /** A paragraph. */
  say(text: string): void;
  /** A line that stands as it is. */
  line(text: string): void;
}

const widest = 92;

/** Speaks on stdout, in colour only where that is a terminal. */
export function openNarrator(): Narrator {
  const { stdout } = process;
  const paint = paintWith(stdout.isTTY && !process.env["NO_COLOR"]);
  const width = Math.min(widest, Math.max(40, (stdout.columns || widest) - 1));
  const line = (text: string): void => void stdout.write(`${text}\n`);
  let steps = 0;
  return {
    paint,
    line,
    step: (title) => {
      steps += 1;
      const head = `── ${steps}  ${title} `;
      line(`\n${paint.accent(head + "─".repeat(Math.max(0, width - head.length)))}\n`);
    },
    say: (text) => line(`${wrap(text, width).join("\n")}\n`),
  };
}

/** Breaks a paragraph into lines of at most `width` characters, where its words allow that. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
