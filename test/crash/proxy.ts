import { connect, createServer, type Socket } from "node:net";

/** A line between client and server that can be cut. */
export interface Line {
  readonly port: number;
  /** Cuts every connection there is, on both sides. */
  cut(): void;
  /** From now on cuts the connection on which the n-th COMMIT of an entry in the ledger is sent: the server hears it, and its answer is lost. */
  loseCommitAnswer(nth: number): void;
  /** How many answers to a COMMIT were lost. */
  lost(): number;
  close(): Promise<void>;
}

const commit = Buffer.from("COMMIT\0");
const append = Buffer.from("belay.append(");

/** A loopback proxy before the server. */
export async function drawLine(serverPort: number): Promise<Line> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let commitsLeft = 0;
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect(serverPort, "127.0.0.1");
    const pair = [client, upstream] as const;
    let appended = false;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    upstream.on("data", (chunk: Buffer) => client.write(chunk));
    client.on("data", (chunk: Buffer) => {
      upstream.write(chunk);
      appended ||= chunk.includes(append);
      if (!appended || commitsLeft === 0 || !chunk.includes(commit)) return;
      commitsLeft -= 1;
      if (commitsLeft > 0) return;
      lost += 1;
      upstream.removeAllListeners("data");
      upstream.end(); // what was sent arrives; nothing comes back
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => {
      for (const [client, upstream] of pairs) {
        client.destroy();
        upstream.destroy();
      }
    },
    loseCommitAnswer: (nth) => {
      commitsLeft = nth;
    },
    lost: () => lost,
    close: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
