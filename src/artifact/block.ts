/** A DO block whose dollar quote occurs nowhere in its body. */
export function block(lines: readonly string[]): string {
  const body = lines.join("\n");
  let tag = "$belay$";
  for (let n = 1; body.includes(tag); n += 1) tag = `$belay${n}$`;
  return `DO ${tag}\n${body}\n${tag};`;
}

/** Calls a function without printing what it gives. */
export function perform(call: string): string {
  return block([`BEGIN PERFORM ${call}; END`]);
}
