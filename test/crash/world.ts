import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Client } from "pg";
import { openTarget } from "../../src/postgres/session/open-target.js";
import { expectBelay } from "../support/cli.js";
import { adopt } from "../world/adopt.js";
import { connect, startServer, until, type CrashServer } from "../world/server.js";

const schema = `
  CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL, n int NOT NULL, note text);
  INSERT INTO tasks (state, n) SELECT (ARRAY['new', 'done', 'held'])[1 + i % 3], i FROM generate_series(1, 2000) i;
`;

/** Stops every writer of the ledger at an entry that the test names, within its transaction, until the test lets go. */
const stopper = `
  CREATE TABLE belay.stop (seq bigint NOT NULL);
  CREATE FUNCTION belay.stop_here() RETURNS trigger LANGUAGE plpgsql AS $f$
  BEGIN
    IF EXISTS (SELECT FROM belay.stop s WHERE s.seq = NEW.seq) THEN
      LOOP
        EXIT WHEN pg_try_advisory_xact_lock_shared(77);
        PERFORM pg_sleep(0.01);
      END LOOP;
    END IF;
    RETURN NULL;
  END $f$;
  CREATE TRIGGER stop_here AFTER INSERT ON belay.journal FOR EACH ROW EXECUTE FUNCTION belay.stop_here();
`;

const command = fileURLToPath(new URL("fixtures/table-command.mjs", import.meta.url));

/** One change of each shape; their numbers are the first signs of their versions' minutes. */
export const shapes = {
  alter: {
    "20260101000100_add_model.up.sql": "ALTER TABLE tasks ADD COLUMN model text DEFAULT 'none';",
    "20260101000100_add_model.down.sql": "ALTER TABLE tasks DROP COLUMN model;",
  },
  index: {
    "20260101000200_idx_state.up.sql": "CREATE INDEX CONCURRENTLY idx_state ON tasks (state);",
    "20260101000200_idx_state.down.sql": "DROP INDEX CONCURRENTLY idx_state;",
  },
  mixed: {
    "20260101000300_rank.up.sql": `
      ALTER TABLE tasks ADD COLUMN rank int;
      UPDATE tasks SET n = n + 100 WHERE id <= 1000;
      CREATE INDEX CONCURRENTLY idx_rank ON tasks (rank);
      ALTER TABLE tasks ADD CONSTRAINT rank_positive CHECK (rank IS NULL OR rank > 0) NOT VALID;
      ALTER TABLE tasks VALIDATE CONSTRAINT rank_positive;`,
    "20260101000300_rank.down.sql": `
      ALTER TABLE tasks DROP CONSTRAINT rank_positive;
      DROP INDEX CONCURRENTLY idx_rank;
      UPDATE tasks SET n = n - 100 WHERE id <= 1000;
      ALTER TABLE tasks DROP COLUMN rank;`,
  },
  knex: {
    "20260101000400_labels.ts": `
      export const up = async (knex) => {
        await knex.schema.createTable("labels", (table) => { table.increments("id"); table.text("name").notNullable(); });
        await knex.schema.alterTable("tasks", (table) => table.integer("label_id"));
      };
      export const down = async (knex) => {
        await knex.schema.alterTable("tasks", (table) => table.dropColumn("label_id"));
        await knex.schema.dropTable("labels");
      };`,
  },
  command: {
    "20260101000500_made.command.json": JSON.stringify({
      up: { run: ["node", command, "up"] },
      down: { run: ["node", command, "down"] },
    }),
  },
  apart: {
    "20260101000600_apart.up.sql": `-- belay:transaction off
      CREATE TABLE apart (id int PRIMARY KEY);
      ALTER TABLE apart ADD COLUMN name text;
      UPDATE tasks SET n = n + 1000 WHERE id > 1000;
      COMMENT ON TABLE apart IS 'one statement, one transaction';`,
    "20260101000600_apart.down.sql": `
      COMMENT ON TABLE apart IS NULL;
      UPDATE tasks SET n = n - 1000 WHERE id > 1000;
      DROP TABLE apart;`,
  },
  knexApart: {
    "20260101000700_knex_apart.ts": `
      export const config = { transaction: false };
      export const up = async (knex) => {
        await knex.raw("CREATE TABLE knex_apart (id int)");
        await knex.raw("ALTER TABLE knex_apart ADD COLUMN name text");
      };
      export const down = async (knex) => { await knex.raw("DROP TABLE knex_apart"); };`,
  },
} as const;

export type Shape = keyof typeof shapes;

/** A target of a cell. */
export interface Database {
  readonly name: string;
  readonly url: string;
  readonly client: Client;
}

/** Two databases and a project, made for one crash. */
export interface Cell {
  readonly root: string;
  readonly staging: Database;
  readonly production: Database;
  readonly server: CrashServer;
  /** Points the project's targets at a port, such as that of a line. */
  connectThrough(port: number, change?: object): Promise<void>;
  /** Makes whoever writes this entry wait within its transaction; resolves to its process id when it does, or to null when `ended`. */
  stopAt(target: Database, seq: number): Promise<Stop>;
  remove(what?: "all" | "but the databases"): Promise<void>;
}

export interface Stop {
  reached(ended: () => boolean): Promise<number | null>;
  release(): Promise<void>;
}

export interface World {
  readonly server: CrashServer;
  /** A cell before the rollout, or one in which it is done; `change` stands over the default config. */
  cell(change?: object, from?: "before" | "after"): Promise<Cell>;
  /** Makes the databases of a cell the ones that later cells "after" begin with; the cell is used up. */
  keepAsAfter(cell: Cell): Promise<void>;
  remove(): Promise<void>;
}

/** A server with a template database, and a project whose changes are rehearsed: cells are copies of both. */
export async function makeWorld(wanted: readonly Shape[]): Promise<World> {
  const server = await startServer();
  const root = await mkdtemp(join(tmpdir(), "belay-crash-"));
  const remove = async (): Promise<void> => {
    await server.remove();
    await rm(root, { recursive: true, force: true });
  };
  try {
    await makeTemplate(server);
    await makeProject(server, root, wanted);
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  let count = 0;
  const templates = { before: ["template_world", "template_world"], after: ["", ""] };
  return {
    server,
    cell: async (change = {}, from = "before") =>
      makeCell(server, root, { number: (count += 1), from: templates[from] }, change),
    keepAsAfter: async (cell) => {
      await cell.remove("but the databases");
      templates.after = [cell.staging.name, cell.production.name];
    },
    remove,
  };
}

/** The rehearsal copies the catalog of the first target; no command of the project itself goes to the second. */
async function makeProject(server: CrashServer, root: string, wanted: readonly Shape[]): Promise<void> {
  for (const shape of wanted) {
    for (const [name, text] of Object.entries(shapes[shape])) await write(root, `migrations/${name}`, text);
  }
  await write(root, "belay.config.json", configOf(server, server.port, "template_world", "postgres", {}));
  await expectBelay(root, 0, ["rehearse"]);
}

async function makeTemplate(server: CrashServer): Promise<void> {
  const postgres = await server.connect("postgres");
  await postgres.query("CREATE DATABASE template_world");
  await postgres.end();
  const url = server.url("template_world");
  const note = (): void => undefined;
  const options = {
    name: "template",
    searchPath: "public",
    actor: "test",
    rollout: null,
    operatorPatienceMs: 1_000,
    note,
  };
  await (await openTarget({ ...options, url })).close();
  const client = await connect(url);
  await client.query(schema);
  await client.query(stopper);
  await client.end();
}

function configOf(server: CrashServer, port: number, staging: string, production: string, change: object): string {
  const through = (database: string): string => {
    const url = new URL(server.url(database));
    url.port = String(port);
    return url.href;
  };
  return JSON.stringify({
    targets: { staging: { url: through(staging) }, production: { url: through(production) } },
    stages: [
      { name: "staging", targets: ["staging"] },
      { name: "production", targets: ["production"] },
    ],
    ...change,
    policy: { lock: { budget: "200ms", patience: "20s" }, rehearsal: { on: server.url("postgres"), sample: 100 } },
  });
}

async function makeCell(
  server: CrashServer,
  project: string,
  made: { readonly number: number; readonly from: readonly string[] },
  change: object,
): Promise<Cell> {
  const root = await mkdtemp(join(tmpdir(), "belay-crash-cell-"));
  await cp(project, root, { recursive: true });
  const names = [`staging_${made.number}`, `production_${made.number}`] as const;
  await onPostgres(server, async (client) => {
    for (const [index, name] of names.entries()) {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${made.from[index]}`);
    }
  });
  const [staging, production] = await Promise.all(names.map((name) => open(server, name)));
  if (staging === undefined || production === undefined) throw new Error("no databases");
  // A copy of what was rolled out is not the place that its ledger knows, until somebody says so.
  await Promise.all([adopt("staging", staging.url), adopt("production", production.url)]);
  const connectThrough = (port: number, more: object = change): Promise<void> =>
    write(root, "belay.config.json", configOf(server, port, names[0], names[1], more));
  await connectThrough(server.port);
  return {
    root,
    staging,
    production,
    server,
    connectThrough,
    stopAt: (target, seq) => stopAt(server, target, seq),
    remove: async (what = "all") => {
      await Promise.allSettled([staging.client.end(), production.client.end()]);
      await rm(root, { recursive: true, force: true });
      if (what === "but the databases") return;
      await onPostgres(server, async (client) => {
        for (const name of names) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      });
    },
  };
}

async function stopAt(server: CrashServer, target: Database, seq: number): Promise<Stop> {
  const holder = await server.connect(target.name);
  await holder.query("SELECT pg_advisory_lock(77)");
  await holder.query("INSERT INTO belay.stop VALUES ($1)", [seq]);
  return {
    reached: (ended) =>
      until(async () => {
        const { rows } = await holder.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
        );
        return rows[0]?.pid ?? null;
      }, ended),
    release: () => holder.end().catch(() => undefined), // the server may be gone
  };
}

async function open(server: CrashServer, name: string): Promise<Database> {
  return { name, url: server.url(name), client: await server.connect(name) };
}

async function onPostgres(server: CrashServer, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await server.connect("postgres");
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function write(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
