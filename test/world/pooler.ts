import { createServer, type Socket } from "node:net";
import { Client } from "pg";
import { cutter, readyState, type WireMessage } from "./wire.js";

/** A connection pooler before a server, as PgBouncer and its kin are. */
export interface Pooler {
  readonly port: number;
  /** The server's own sessions, ready to be asked again when the clients are gone. */
  ask(sql: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface PoolerOptions {
  /** When a client gives its server session back: after each transaction, or when it goes. */
  readonly mode: "transaction" | "session";
  /** How many server sessions there are. */
  readonly size: number;
  /** Which free one is given out: the one that came back last, or the one that waited longest. */
  readonly order: "last" | "round robin";
}

/** A session of the server, logged in by a client whose socket the pooler then speaks over itself. */
interface Backend {
  readonly client: Client;
  readonly socket: Socket;
  /** Who hears what the server says. */
  hear: (message: WireMessage) => void;
}

/** Opens a pooler on loopback; it greets its clients itself, under process ids of its own (manual, 54.2.1). */
export async function openPooler(url: string, options: PoolerOptions): Promise<Pooler> {
  const free: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const clients = new Set<Socket>();
  const all = await Promise.all(Array.from({ length: options.size }, () => openBackend(url)));
  free.push(...all);
  const take = async (): Promise<Backend> => {
    const found = options.order === "last" ? free.pop() : free.shift();
    return found ?? new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (backend: Backend): void => {
    backend.hear = () => undefined;
    const next = waiting.shift();
    if (next === undefined) free.push(backend);
    else next(backend);
  };
  let greeted = 900_000;
  const server = createServer((client) => {
    clients.add(client);
    client.on("close", () => clients.delete(client));
    serve(client, (greeted += 1), { mode: options.mode, take, giveBack });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    ask: async (sql) => Promise.all(all.map((backend) => askBackend(backend, sql))),
    close: async () => {
      for (const client of clients) client.destroy();
      for (const { socket } of all) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function openBackend(url: string): Promise<Backend> {
  const client = new Client({ connectionString: url, application_name: "app" });
  client.on("error", () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  stream.removeAllListeners("data");
  const backend: Backend = { client, socket: stream, hear: () => undefined };
  const cut = cutter("server");
  stream.on("data", (chunk: Buffer) => {
    for (const message of cut(chunk)) backend.hear(message);
  });
  return backend;
}

interface Pool {
  readonly mode: PoolerOptions["mode"];
  readonly take: () => Promise<Backend>;
  readonly giveBack: (backend: Backend) => void;
}

function serve(client: Socket, processId: number, { mode, take, giveBack }: Pool): void {
  let backend: Backend | null = null;
  let answersDue = 0;
  const hear = (message: WireMessage): void => {
    if (!client.destroyed) client.write(message.bytes);
    const state = readyState(message);
    if (state === null) return;
    answersDue -= 1;
    if (state !== "I" || answersDue > 0 || mode === "session" || backend === null) return;
    const done = backend;
    backend = null;
    giveBack(done);
  };
  const send = async (message: WireMessage): Promise<void> => {
    if (message.type === "startup") return void client.write(greeting(processId));
    if (message.type === "X") return void client.end();
    backend ??= await take();
    backend.hear = hear;
    if (message.type === "Q" || message.type === "S") answersDue += 1;
    backend.socket.write(message.bytes);
  };
  const cut = cutter("client");
  let queue = Promise.resolve();
  client.setNoDelay(true).on("error", () => client.destroy());
  client.on("data", (chunk: Buffer) => {
    for (const message of cut(chunk)) queue = queue.then(() => send(message));
  });
  client.on("close", () => {
    queue = queue.then(() => leave());
  });
  /** What the client left of its session goes with it. */
  const leave = async (): Promise<void> => {
    if (backend === null) return;
    const left = backend;
    await askBackend(left, "ROLLBACK");
    if (mode === "session") await askBackend(left, "DISCARD ALL");
    giveBack(left);
  };
}

/** AuthenticationOk, ParameterStatus, BackendKeyData, ReadyForQuery. */
function greeting(processId: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeInt32BE(processId, 0);
  return Buffer.concat([
    frame("R", Buffer.alloc(4)),
    frame("S", Buffer.from("client_encoding\0UTF8\0")),
    frame("K", key),
    frame("Z", Buffer.from("I")),
  ]);
}

function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Sends one statement, and gives the first value of its first row. */
async function askBackend(backend: Backend, sql: string): Promise<string> {
  return new Promise((resolve) => {
    let value = "";
    backend.hear = (message) => {
      if (message.type === "D") value ||= firstValue(message.bytes);
      if (readyState(message) !== null) resolve(value);
    };
    backend.socket.write(frame("Q", Buffer.from(`${sql}\0`)));
  });
}

/** The first column of a DataRow. */
function firstValue(bytes: Buffer): string {
  return bytes.subarray(11, 11 + bytes.readInt32BE(7)).toString();
}
