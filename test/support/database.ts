import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { inject } from "vitest";

type Row = Record<string, unknown>;

export interface FreshDatabase {
  readonly url: string;
  readonly name: string;
  /** A connected superuser. */
  readonly client: Client;
  /** Runs a statement through `client` and gives its rows. */
  query<R extends Row = Row>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Closes `client` and drops the database, with whoever is connected to it. */
  drop(): Promise<void>;
}

/** A superuser's url of a database on the server of this test run. */
export function serverUrl(database = "postgres"): string {
  const url = new URL(inject("superuserUrl"));
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

/** A new database on the server of this test run, empty or a copy of `template`; `name` is only the beginning of its name. */
export async function freshDatabase(name = "test", template = "template0"): Promise<FreshDatabase> {
  const unique = `${name.slice(0, 40)}_${randomUUID().slice(0, 12).replaceAll("-", "")}`;
  await onServer(async (client) => {
    await client.query(
      `CREATE DATABASE ${client.escapeIdentifier(unique)} TEMPLATE ${client.escapeIdentifier(template)}`,
    );
  });
  const url = serverUrl(unique);
  const client = await connect(url);
  return {
    url,
    name: unique,
    client,
    query: async <R extends Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query<R>(sql, [...values])).rows,
    drop: async () => {
      await client.end();
      await onServer(async (server) => {
        await server.query(`DROP DATABASE IF EXISTS ${server.escapeIdentifier(unique)} WITH (FORCE)`);
      });
    },
  };
}

async function onServer(work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connect(serverUrl());
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: "belay-test" });
  // Tests terminate sessions on purpose; a query on a lost connection fails by itself.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
