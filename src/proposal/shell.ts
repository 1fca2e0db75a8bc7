import { excerpt, reportError, type Place } from "./report-error.js";

/** One simple command of a shell script, or a comment in it. Nothing is expanded: `$NAME`, globs and braces stay as written. */
export interface ShellCommand {
  /** Without quotes; empty for a comment. */
  readonly words: readonly string[];
  /** As written, with its own lines. */
  readonly text: string;
  readonly line: number;
}

/**
 * Cuts a script into simple commands as a POSIX shell would (POSIX.1, Shell Command Language, Token Recognition): at the ends of
 * lines, `;`, `&`, `&&`, `|` and `||`, each to be judged alone.
 *
 * @param first the place of the script's first line.
 * @throws BelayError `proposal-shell-quote` for a quote that is not closed.
 */
export function splitShell(script: string, first: Place): readonly ShellCommand[] {
  return new Splitter(script, first).run();
}

/** What a character means where no quote is open. */
const SEPARATORS = new Set([";", "&", "|", "\n"]);

/** A file descriptor has few digits. */
const OPERATOR_LENGTH = 10;

class Splitter {
  readonly #script: string;
  readonly #first: Place;
  readonly #commands: ShellCommand[] = [];
  #at = 0;
  #words: string[] = [];
  /** The word being read; null between words. */
  #word: string | null = null;
  /** Where that word starts, its quotes included. */
  #wordAt = 0;
  /** Where the text of the current command starts. */
  #start = 0;
  /** The end marks of here-documents whose text starts on the next line. */
  #marks: string[] = [];
  #markFollows = false;
  /** How far the lines are counted, and how many line feeds there were. */
  #counted = 0;
  #lineFeeds = 0;

  constructor(script: string, first: Place) {
    this.#script = script;
    this.#first = first;
  }

  run(): readonly ShellCommand[] {
    while (this.#at < this.#script.length) this.#step(this.#script[this.#at] ?? "");
    this.#endCommand(this.#at);
    return this.#commands;
  }

  #step(character: string): void {
    if (character === "\\") this.#escape();
    else if (character === "'" || character === '"') this.#quoted(character);
    else if (character === "#" && this.#word === null) this.#comment();
    else if (SEPARATORS.has(character) && !this.#isRedirection(character)) this.#separator(character);
    else if (/\s/.test(character)) this.#endWord(1);
    else this.#append(character, 1);
  }

  #append(text: string, length: number): void {
    if (this.#word === null) this.#wordAt = this.#at;
    this.#word = (this.#word ?? "") + text;
    this.#at += length;
  }

  /** A backslash before the end of a line joins the two lines; before anything else it takes its meaning away. */
  #escape(): void {
    const next = this.#script[this.#at + 1];
    if (next === "\n") this.#at += 2;
    else this.#append(next ?? "\\", 2);
  }

  #quoted(quote: string): void {
    const opened = this.#at;
    this.#append("", 1);
    while (this.#script[this.#at] !== quote) {
      const character = this.#script[this.#at];
      if (character === undefined) throw this.#unclosed(quote, opened);
      const next = this.#script[this.#at + 1] ?? "";
      const escapes = quote === '"' && character === "\\" && next !== "" && '"\\$`\n'.includes(next);
      if (escapes) this.#append(next === "\n" ? "" : next, 2);
      else this.#append(character, 1);
    }
    this.#at += 1;
  }

  #comment(): void {
    const from = this.#at;
    const end = this.#script.indexOf("\n", from);
    this.#at = end === -1 ? this.#script.length : end;
    // A comment after a command is part of that command's text.
    if (this.#words.length > 0) return;
    this.#commands.push({ words: [], text: this.#script.slice(from, this.#at).trim(), line: this.#lineAt(from) });
    this.#start = this.#at;
  }

  /** `2>&1` and `&>file` hold an ampersand that separates nothing. */
  #isRedirection(character: string): boolean {
    const before = this.#script[this.#at - 1] ?? "";
    return character === "&" && ((this.#word !== null && /[<>]/.test(before)) || this.#script[this.#at + 1] === ">");
  }

  #separator(character: string): void {
    this.#endWord(0);
    const end = this.#at;
    this.#at += 1;
    if (character === "\n") this.#skipHereDocuments();
    const document = this.#script.slice(end + 1, this.#at).trim();
    const orphan = this.#words.length === 0 && document !== "";
    this.#endCommand(document === "" ? end : this.#at);
    // `cat <<END; next` ends the command before the text of its document comes.
    if (orphan) this.#commands.push({ words: [], text: document, line: this.#lineAt(end + 1) });
    this.#start = this.#at;
  }

  #endWord(skip: number): void {
    if (this.#word !== null) {
      this.#noteHereDocument(this.#word);
      this.#words.push(this.#word);
    }
    this.#word = null;
    this.#at += skip;
  }

  /** `<<END`, `<<-END`, or `<<` with its end mark as the next word; a quoted `<<` is a word like any other. */
  #noteHereDocument(word: string): void {
    if (this.#markFollows) this.#marks.push(word);
    const written = this.#script.slice(this.#wordAt, this.#wordAt + OPERATOR_LENGTH);
    const operator = /^\d*<<(?!<)-?/.exec(written)?.[0] ?? "";
    this.#markFollows = operator !== "" && operator === word;
    if (operator !== "" && operator !== word) this.#marks.push(word.slice(operator.length));
  }

  /** The text of a here-document is no command, whatever it looks like. */
  #skipHereDocuments(): void {
    for (const mark of this.#marks.splice(0)) {
      let line = "";
      do {
        const end = this.#script.indexOf("\n", this.#at);
        const stop = end === -1 ? this.#script.length : end;
        line = this.#script.slice(this.#at, stop).trim();
        this.#at = Math.min(stop + 1, this.#script.length);
      } while (line !== mark && this.#at < this.#script.length);
    }
  }

  #endCommand(end: number): void {
    this.#endWord(0);
    if (this.#words.length > 0) {
      const raw = this.#script.slice(this.#start, end);
      const leading = raw.length - raw.trimStart().length;
      this.#commands.push({ words: this.#words, text: raw.trim(), line: this.#lineAt(this.#start + leading) });
    }
    this.#words = [];
    this.#markFollows = false;
  }

  /** Offsets are asked for in ascending order, so that each line feed is counted once. */
  #lineAt(offset: number): number {
    for (; this.#counted < offset; this.#counted += 1) {
      if (this.#script[this.#counted] === "\n") this.#lineFeeds += 1;
    }
    return this.#first.line + this.#lineFeeds;
  }

  #unclosed(quote: string, opened: number): Error {
    const line = this.#lineAt(opened);
    const rest = this.#script.slice(opened, opened + 60);
    return reportError(
      { ...this.#first, line },
      "shell-quote",
      `a closing ${quote} in the block`,
      `none after ${excerpt(rest)}`,
    );
  }
}
