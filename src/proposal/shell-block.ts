import type { CodeBlock } from "./passage.js";
import type { AdvisoryAction, SchemaRequest } from "./proposal.js";
import { readRailsCommand } from "./rails-command.js";
import { readMigration, type Operation } from "./rails-migration.js";
import { oneLine, type Place } from "./report-error.js";
import { splitShell, type ShellCommand } from "./shell.js";

/** What a code block asks for: changes, and things to read. A block that only applies migrations asks for neither. */
export interface BlockReading {
  readonly requests: readonly BlockRequest[];
  readonly advisories: readonly Omit<AdvisoryAction, "kind" | "heading">[];
}

export interface BlockRequest {
  readonly request: SchemaRequest;
  readonly command: string;
  readonly line: number;
}

const SCRIPTS = new Set(["bash", "sh", "shell", "zsh"]);
/** In these, lines without a prompt are what the commands printed. */
const TRANSCRIPTS = new Set(["console", "shell-session", "shellsession", "sh-session", "bash-session", "terminal"]);

export function isShell(language: string): boolean {
  return SCRIPTS.has(language) || TRANSCRIPTS.has(language);
}

/** Reads a block of shell commands. Only what Rails' migration generator would do becomes a change; nothing is ever run. */
export function readShellBlock(block: CodeBlock, source: string): BlockReading {
  const { script, printed } = withoutPrompts(block);
  const place: Place = { source, line: block.line };
  const readings = splitShell(script, place).map((command) => readCommand(command, source));
  const requests = readings.flatMap((reading) => reading.requests);
  const output = printed.map(({ text, line }) => ({ text: `output: ${text}`, line }));
  const advisories = [...readings.flatMap((reading) => reading.advisories), ...output];
  // Beside a change, comments and output are read with the block itself.
  const needed =
    requests.length > 0 ? advisories.filter(({ text }) => text.startsWith("command not run: ")) : advisories;
  return { requests, advisories: needed.toSorted((a, b) => a.line - b.line) };
}

function readCommand({ words, text, line }: ShellCommand, source: string): BlockReading {
  if (words.length === 0) return advisory(`comment: ${text.replace(/^#+\s*/, "")}`, line);
  const place: Place = { source, line };
  const command = readRailsCommand(words, place);
  switch (command.kind) {
    case "apply":
      return { requests: [], advisories: [] };
    case "other":
      return advisory(`command not run: ${text}`, line);
    case "declined":
      return advisory(`command not run: ${text} (${command.reason})`, line);
    case "migration": {
      const reading = readMigration(command.name, command.attributes, command.options, place);
      if ("empty" in reading)
        return advisory(`command not run: ${text} (Rails would write an empty migration: ${reading.empty})`, line);
      const virtual = virtualNames(reading.migration.operation);
      const notes = virtual.map(
        (each) => `command not run: ${each} makes no column; Rails keeps it in tables of its own`,
      );
      return {
        requests: [{ request: { kind: "rails", migration: reading.migration }, command: text, line }],
        advisories: notes.map((note) => ({ text: note, line })),
      };
    }
  }
}

function advisory(text: string, line: number): BlockReading {
  return { requests: [], advisories: [{ text: oneLine(text), line }] };
}

function virtualNames(operation: Operation): readonly string[] {
  if (operation.kind === "join") return [];
  return operation.attributes.flatMap((each) => (each.kind === "virtual" ? [`${each.name}:${each.type}`] : []));
}

interface Unprompted {
  readonly script: string;
  readonly printed: readonly { readonly text: string; readonly line: number }[];
}

/** Takes away the prompts `$ `, and in a transcript the lines that were printed; each line stays where it was. */
function withoutPrompts({ language, text, line: first }: CodeBlock): Unprompted {
  const lines = text.split("\n");
  const transcript = TRANSCRIPTS.has(language) && lines.some((line) => PROMPT.test(line));
  const printed: { text: string; line: number }[] = [];
  let continued = false;
  const script = lines.map((line, at) => {
    const typed = continued ? line.replace(transcript ? /^\s*> ?/ : /^/, "") : line.replace(PROMPT, "");
    const isCommand = !transcript || continued || PROMPT.test(line);
    if (!isCommand && line.trim() !== "") printed.push({ text: oneLine(line), line: first + at });
    continued = isCommand && line.endsWith("\\");
    return isCommand ? typed : "";
  });
  return { script: script.join("\n"), printed };
}

const PROMPT = /^\s*\$\s+/;
