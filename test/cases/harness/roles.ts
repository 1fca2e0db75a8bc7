import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { serverUrl } from "../../support/database.js";

/** Roles belong to the whole server: each file of cases has its own. */
const run = randomUUID().slice(0, 8);

/** Roles that the cases of a file grant to, and let own things. */
export const reader = `cases_reader_${run}`;
export const writer = `cases_writer_${run}`;

export async function makeRoles(): Promise<void> {
  await onServer(`CREATE ROLE ${reader}; CREATE ROLE ${writer}`);
}

/** Only when the databases in which they have something are gone. */
export async function dropRoles(): Promise<void> {
  await onServer(`DROP ROLE ${reader}, ${writer}`);
}

async function onServer(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
