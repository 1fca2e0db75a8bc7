import { connect, createServer, type Socket } from "node:net";
import { cutter, processIdIn, readyState, statementIn, type WireMessage } from "./wire.js";

/** A statement on its way to the server. */
export interface Passing {
  readonly text: string;
  /** The server's process that it goes to. */
  readonly pid: number;
}

/** What becomes of a statement: it passes, it never arrives and its connection is cut, or it is carried out and its connection is cut before the answer. */
export type Fate = "pass" | "cut" | "lose the answer";

/** A line between client and server that can be cut. */
export interface Line {
  readonly port: number;
  /** Cuts every connection there is, on both sides. */
  cut(): void;
  /** From now on the n-th COMMIT of an entry in the ledger is carried out, and its answer is lost with its connection. */
  loseCommitAnswer(nth: number): void;
  /** From now on the n-th COMMIT of an entry in the ledger is not heard, and its connection is cut. */
  cutBeforeCommit(nth: number): void;
  /** How many COMMITs have met such a fate. */
  lost(): number;
  /** From now on a server's process that is at work is not told that its client is gone before it has an answer. */
  hideDeaths(): void;
  /** From now on each statement waits at the line until its fate is known. */
  judge(fate: (statement: Passing) => Fate | Promise<Fate>): void;
  close(): Promise<void>;
}

/** A loopback proxy before the server. */
export async function drawLine(serverPort: number): Promise<Line> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let commits: { left: number; readonly fate: Fate } = { left: 0, fate: "pass" };
  let lost = 0;
  let hidden = false;
  let judge: (statement: Passing) => Fate | Promise<Fate> = () => "pass";
  const fateOf = async (statement: Passing, appended: boolean): Promise<Fate> => {
    if (appended && statement.text === "COMMIT" && commits.left > 0) {
      commits.left -= 1;
      if (commits.left === 0) {
        lost += 1;
        return commits.fate;
      }
    }
    return judge(statement);
  };
  const server = createServer((client) => {
    const pair = [client, connect(serverPort, "127.0.0.1")] as const;
    pairs.add(pair);
    tie(pair, { fateOf, hidden: () => hidden, ended: () => pairs.delete(pair) });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
    loseCommitAnswer: (nth) => (commits = { left: nth, fate: "lose the answer" }),
    cutBeforeCommit: (nth) => (commits = { left: nth, fate: "cut" }),
    lost: () => lost,
    hideDeaths: () => (hidden = true),
    judge: (fate) => (judge = fate),
    close: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Tie {
  readonly fateOf: (statement: Passing, appended: boolean) => Promise<Fate>;
  readonly hidden: () => boolean;
  readonly ended: () => void;
}

/** Carries messages between two sockets, each statement as it is judged. */
function tie(pair: readonly [Socket, Socket], { fateOf, hidden, ended }: Tie): void {
  const [client, upstream] = pair;
  let pid = 0;
  let appended = false;
  let silent = false;
  const end = (): void => {
    ended();
    for (const socket of pair) socket.destroy();
  };
  let [busy, gone] = [false, false];
  const clientGone = (): void => {
    gone = true;
    if (!hidden() || !busy) end();
  };
  client.setNoDelay(true).on("error", clientGone).on("close", clientGone);
  upstream.setNoDelay(true).on("error", end).on("close", end);
  const fromServer = cutter("server");
  upstream.on("data", (chunk: Buffer) => {
    client.cork();
    for (const message of fromServer(chunk)) {
      pid = processIdIn(message) ?? pid;
      if (readyState(message) !== null) busy = false;
      if (!silent && !gone) client.write(message.bytes);
      else if (!busy) end();
    }
    client.uncork();
  });
  const send = async (message: WireMessage): Promise<void> => {
    const text = statementIn(message);
    if (text !== null) {
      appended ||= text.includes("belay.append(");
      const fate = await fateOf({ text, pid }, appended);
      if (fate === "cut") return end();
      busy = true;
      silent ||= fate === "lose the answer";
    }
    upstream.write(message.bytes);
  };
  const fromClient = cutter("client");
  let queue = Promise.resolve();
  client.on("data", (chunk: Buffer) => {
    for (const message of fromClient(chunk)) queue = queue.then(() => send(message));
  });
}
