/** Tells a person what is under way; the results alone go to stdout. */
export function note(message: string): void {
  process.stderr.write(`${message}\n`);
}
