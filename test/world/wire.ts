/** One message of the protocol, with the bytes as they came (manual, 54.7). */
export interface WireMessage {
  /** Its type's letter; `startup` for the first one of a client, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** Cuts a stream into its messages; a client's stream begins with one that has no type. */
export function cutter(from: "client" | "server"): (chunk: Buffer) => readonly WireMessage[] {
  let rest = Buffer.alloc(0);
  let begun = from === "server";
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const messages: WireMessage[] = [];
    for (;;) {
      const head = begun ? 1 : 0;
      if (rest.length < head + 4) return messages;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return messages;
      const type = begun ? String.fromCharCode(rest[0] ?? 0) : "startup";
      messages.push({ type, bytes: rest.subarray(0, length) });
      rest = rest.subarray(length);
      begun = true;
    }
  };
}

/** The SQL that a client's message carries; null for one that carries none. */
export function statementIn({ type, bytes }: WireMessage): string | null {
  if (type === "Q") return textAt(bytes, 5);
  if (type !== "P") return null;
  return textAt(bytes, bytes.indexOf(0, 5) + 1);
}

/** The state of the transaction after a server's ReadyForQuery: `I` outside of one, `T` in one, `E` in one that failed. */
export function readyState({ type, bytes }: WireMessage): string | null {
  return type === "Z" ? String.fromCharCode(bytes[5] ?? 0) : null;
}

/** The process id in a server's BackendKeyData. */
export function processIdIn({ type, bytes }: WireMessage): number | null {
  return type === "K" ? bytes.readInt32BE(5) : null;
}

function textAt(bytes: Buffer, start: number): string {
  return bytes.subarray(start, bytes.indexOf(0, start)).toString();
}
