import { connect, createServer, type Socket } from "node:net";
import { cutter, statementIn } from "../world/wire.js";

/** What went over a line since it was asked last. */
export interface Traffic {
  /**
   * Messages that the client waited for an answer to: a simple query, or a Sync (manual, 54.2). A look at who holds which lock is none: how many there are
   * follows the clock, so the slower the machine, the more.
   */
  readonly roundTrips: number;
  /** From the server to the client, without what answers such a look. */
  readonly bytes: number;
}

/** A line to a server that counts. */
export interface CountingLine {
  /** The url of a database, through this line. */
  through(url: string): string;
  /** What went over it since the last time. */
  take(): Traffic;
  close(): Promise<void>;
}

/** A loopback proxy before the server of this url. */
export async function countingLine(serverUrl: string): Promise<CountingLine> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let traffic: Traffic = { roundTrips: 0, bytes: 0 };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const cut = cutter("client");
    let looksAtLocks = false;
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one);
      one.setNoDelay(true).on("error", () => other.destroy());
      one.on("close", () => sockets.delete(one));
      one.pipe(other);
    } // prettier-ignore
    client.on("data", (chunk: Buffer) => {
      for (const message of cut(chunk)) {
        const statement = statementIn(message);
        if (statement !== null) looksAtLocks = /\bpg_(locks|blocking_pids)\b/.test(statement);
        const waits = message.type === "Q" || message.type === "S";
        if (waits && !looksAtLocks) traffic = { ...traffic, roundTrips: traffic.roundTrips + 1 };
      }
    });
    upstream.on("data", (chunk: Buffer) => {
      if (!looksAtLocks) traffic = { ...traffic, bytes: traffic.bytes + chunk.length };
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;
  return {
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = "127.0.0.1";
      changed.port = String(ownPort);
      return changed.href;
    },
    take: () => {
      const taken = traffic;
      traffic = { roundTrips: 0, bytes: 0 };
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
