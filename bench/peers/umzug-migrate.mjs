import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import pg from "pg";
import { Umzug } from "umzug";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();

const umzug = new Umzug({
  migrations: {
    glob: "migrations/*.sql",
    resolve: ({ name, path, context }) => ({
      name,
      up: async () => context.query(await readFile(path, "utf8")),
      down: async () => context.query(await readFile(join(dirname(path), "down", name), "utf8")),
    }),
  },
  context: client,
  storage: {
    async executed({ context }) {
      await context.query("CREATE TABLE IF NOT EXISTS umzug_migrations (name text PRIMARY KEY)");
      const { rows } = await context.query("SELECT name FROM umzug_migrations ORDER BY name");
      return rows.map(({ name }) => name);
    },
    async logMigration({ name, context }) {
      await context.query("INSERT INTO umzug_migrations (name) VALUES ($1)", [name]);
    },
    async unlogMigration({ name, context }) {
      await context.query("DELETE FROM umzug_migrations WHERE name = $1", [name]);
    },
  },
  logger: console,
});

await umzug.up();
await client.end();
