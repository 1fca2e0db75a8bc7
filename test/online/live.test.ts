import { afterAll, describe, expect, it } from "vitest";
import type { Built } from "../../src/postgres/build-plan.js";
import { readCatalog, type Catalog } from "../../src/postgres/ledger/record-catalog.js";
import type { OpenTarget } from "../../src/postgres/session/open-target.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { operate } from "../lock/world.js";
import { changeOf, down, expectCatalog, settle, up } from "./world.js";

const schema = `
  CREATE TABLE p (id int PRIMARY KEY, code text UNIQUE);
  INSERT INTO p SELECT i, 'c' || i FROM generate_series(1, 100) i;
  CREATE TABLE t (id int NOT NULL, a int, b int DEFAULT 1, c text, CONSTRAINT "Old" UNIQUE (id, a));
  INSERT INTO t SELECT i, i, 1 + i % 100, 'x' || i FROM generate_series(1, 2000) i;
  CREATE INDEX by_c ON t (c);
  CREATE SCHEMA app;
  CREATE TABLE app."T t" ("É" int, "select" text);
  INSERT INTO app."T t" SELECT i, i FROM generate_series(1, 100) i;
  CREATE TABLE parent (x int); CREATE TABLE child () INHERITS (parent);
  INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
`;

const cases: Readonly<Record<string, { readonly up: string; readonly down: string }>> = {
  "an index": { up: "CREATE INDEX ON t (a, lower(c)) INCLUDE (b) WHERE a > 5;", down: "DROP INDEX t_a_lower_b_idx;" },
  "a unique index beside other things": {
    up: `ALTER TABLE t ADD COLUMN d int; CREATE UNIQUE INDEX u ON app."T t" ("É" DESC, "select"); COMMENT ON COLUMN t.d IS 'd';`,
    down: `DROP INDEX app.u; ALTER TABLE t DROP COLUMN d;`,
  },
  "a CHECK": { up: "ALTER TABLE t ADD CHECK (a > 0);", down: "ALTER TABLE t DROP CONSTRAINT t_a_check;" },
  "a CHECK that children inherit": {
    up: "ALTER TABLE parent ADD CONSTRAINT c CHECK (x > 0);",
    down: "ALTER TABLE parent DROP CONSTRAINT c;",
  },
  "a foreign key": {
    up: "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;",
    down: "ALTER TABLE t DROP CONSTRAINT t_b_fkey;",
  },
  "NOT NULL": {
    up: `ALTER TABLE app."T t" ALTER "É" SET NOT NULL, ALTER "select" SET NOT NULL;`,
    down: `ALTER TABLE app."T t" ALTER "É" DROP NOT NULL, ALTER "select" DROP NOT NULL;`,
  },
  "NOT NULL that children inherit": {
    up: "ALTER TABLE parent ALTER x SET NOT NULL;",
    down: "ALTER TABLE parent ALTER x DROP NOT NULL;",
  },
  "UNIQUE with all that may stand there": {
    up: "ALTER TABLE t ADD UNIQUE (a) INCLUDE (b) WITH (fillfactor = 70) DEFERRABLE;",
    down: "ALTER TABLE t DROP CONSTRAINT t_a_b_key;",
  },
  "a primary key": {
    up: "ALTER TABLE t ADD PRIMARY KEY (id, a);",
    down: "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER a DROP NOT NULL;",
  },
  "a column with everything": {
    up: "ALTER TABLE t ADD COLUMN e int CONSTRAINT positive CHECK (e > 0) REFERENCES p NOT NULL DEFAULT 5, ADD COLUMN f int UNIQUE;",
    down: "ALTER TABLE t DROP COLUMN f, DROP COLUMN e;",
  },
  "a column that is the key": {
    up: "ALTER TABLE t ADD COLUMN k bigserial PRIMARY KEY;",
    down: "ALTER TABLE t DROP COLUMN k;",
  },
  "another constraint in the place of one": {
    up: `ALTER TABLE t DROP CONSTRAINT "Old", ADD CONSTRAINT "Old" UNIQUE (id, b, a);`,
    down: `ALTER TABLE t DROP CONSTRAINT "Old", ADD CONSTRAINT "Old" UNIQUE (id, a);`,
  },
  "another index in the place of one": {
    up: "DROP INDEX by_c; CREATE INDEX by_c ON t (c, a);",
    down: "DROP INDEX by_c; CREATE INDEX by_c ON t (c);",
  },
  "many things in one statement": {
    up: "ALTER TABLE t ADD COLUMN g int DEFAULT 3, ADD CHECK (a > 0), ALTER b SET DEFAULT 7, ADD CONSTRAINT u UNIQUE (a), ALTER c SET NOT NULL, ADD FOREIGN KEY (g) REFERENCES p;",
    down: "ALTER TABLE t DROP CONSTRAINT t_g_fkey, ALTER c DROP NOT NULL, DROP CONSTRAINT u, DROP CONSTRAINT t_a_check, ALTER b SET DEFAULT 1, DROP COLUMN g;",
  },
  "several tables, with a way back in one statement each": {
    up: `CREATE TABLE one (id int); CREATE INDEX i1 ON t (a); CREATE TABLE two (id int); ALTER TABLE t ADD CHECK (b > 0); CREATE INDEX i2 ON p (code);`,
    down: "DROP INDEX i1, i2; ALTER TABLE t DROP CONSTRAINT t_b_check; DROP TABLE one, two;",
  },
  "what is dropped, and comes back on the way back": {
    up: `ALTER TABLE t DROP CONSTRAINT "Old"; DROP INDEX by_c; ALTER TABLE t ALTER id DROP NOT NULL; CREATE INDEX other ON t (b);`,
    down: `DROP INDEX other; ALTER TABLE t ALTER id SET NOT NULL; CREATE INDEX by_c ON t (c); ALTER TABLE t ADD CONSTRAINT "Old" UNIQUE (id, a);`,
  },
  "each statement on its own": {
    up: "-- belay:transaction off\nALTER TABLE t ALTER a SET NOT NULL; CREATE TABLE mine (id int); CREATE INDEX mine_id ON mine (id); ALTER TABLE t ADD UNIQUE (c);",
    down: "ALTER TABLE t DROP CONSTRAINT t_c_key, ALTER a DROP NOT NULL; DROP TABLE mine;",
  },
};

/** One of each kind of work; the others are cut off everywhere by `npm run test:whole`. */
const oneOfEach: readonly string[] = [
  "a unique index beside other things",
  "a foreign key",
  "NOT NULL that children inherit",
  "a primary key",
  "another constraint in the place of one",
  "many things in one statement",
  "each statement on its own",
];

function tagsOf(name: string): string[] {
  return oneOfEach.includes(name) ? [] : ["whole"];
}

/** Keeps an account of every statement that read rows of a table and ended under a lock on it that keeps readers or writers out. */
const readingWatch = `
  CREATE SCHEMA watch;
  CREATE TABLE watch.read (statement text, mode text, rows bigint);
  CREATE FUNCTION watch.rows_read() RETURNS bigint LANGUAGE sql AS $f$
    SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'app')
  $f$;
  CREATE FUNCTION watch.begins() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN
    PERFORM set_config('watch.rows', watch.rows_read()::text, false);
  END $f$;
  CREATE FUNCTION watch.ends() RETURNS event_trigger LANGUAGE plpgsql AS $f$ DECLARE
    rows bigint := watch.rows_read() - current_setting('watch.rows')::bigint;
  BEGIN
    INSERT INTO watch.read SELECT DISTINCT current_query(), l.mode, rows
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE rows > 0 AND l.pid = pg_backend_pid() AND c.relkind = 'r' AND n.nspname IN ('public', 'app')
      AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock');
  END $f$;
  CREATE EVENT TRIGGER begins ON ddl_command_start EXECUTE FUNCTION watch.begins();
  CREATE EVENT TRIGGER ends ON ddl_command_end EXECUTE FUNCTION watch.ends();
`;

const places: { readonly database: FreshDatabase; readonly target: OpenTarget }[] = [];
afterAll(async () => {
  for (const { database, target } of places.splice(0)) {
    await target.close();
    await database.drop();
  }
});

async function place(): Promise<{ readonly database: FreshDatabase; readonly target: OpenTarget }> {
  const database = await freshDatabase("online");
  await database.client.query(schema);
  const made = { database, target: await operate(database.url) };
  places.push(made);
  return made;
}

/** Cuts the change off at each event, and each time takes it back, or goes on. Gives how many events there were. */
async function cutEverywhere(
  target: OpenTarget,
  built: Built,
  { before, after }: { readonly before: Catalog; readonly after: Catalog },
): Promise<number> {
  for (let cutAt = 0; ; cutAt += 1) {
    const { whole } = await up(target, built, cutAt);
    if (whole) return cutAt;
    await settle(target);
    await expectCatalog(target, before, `cut off at ${cutAt}, and taken back`);
    await up(target, built, cutAt);
    await up(target, built);
    await expectCatalog(target, after, `cut off at ${cutAt}, and gone on`);
    await down(target, built);
    await expectCatalog(target, before, `cut off at ${cutAt}, gone on, and taken back`);
  }
}

describe("the online form of", () => {
  for (const [name, halves] of Object.entries(cases))
    it(
      `${name} gives the same catalog as what was written, goes back from wherever it is cut off, and goes on from there`,
      { tags: tagsOf(name) },
      async () => {
        const built = await changeOf(`-- belay:keep off\n${halves.up}`, halves.down);
        const { target } = await place();
        const plain = await place();
        await plain.database.client.query(halves.up);
        const after = await readCatalog(plain.target.operator);
        const before = await readCatalog(target.operator);

        await up(target, built);
        await expectCatalog(target, after, "applied");
        await down(target, built);
        await expectCatalog(target, before, "taken back");
        expect(await cutEverywhere(target, built, { before, after })).toBeGreaterThan(1);
      },
    );

  for (const name of ["a column with everything", "a column that is the key", "many things in one statement"])
    it(`${name} comes back with what was hidden, from wherever that is cut off`, { tags: tagsOf(name) }, async () => {
      const built = await changeOf(cases[name]?.up ?? "", cases[name]?.down ?? "");
      const { target } = await place();
      const before = await readCatalog(target.operator);
      await up(target, built);
      const after = await readCatalog(target.operator);
      await down(target, built);
      expect(await cutEverywhere(target, built, { before, after })).toBeGreaterThan(1);
    });

  it.each([
    ["a duplicate", "UPDATE t SET a = 7 WHERE a = 8", "ALTER TABLE t ADD COLUMN n int, ADD UNIQUE (a)", "ALTER TABLE t DROP CONSTRAINT t_a_key, DROP COLUMN n", "23505"],
    ["a NULL", "UPDATE t SET b = NULL WHERE a = 8", "ALTER TABLE t ADD COLUMN n int, ALTER b SET NOT NULL", "ALTER TABLE t ALTER b DROP NOT NULL, DROP COLUMN n", "23514"],
    ["a NULL in a primary key", "UPDATE t SET a = NULL WHERE a = 8", "ALTER TABLE t ADD PRIMARY KEY (a)", "ALTER TABLE t DROP CONSTRAINT t_pkey, ALTER a DROP NOT NULL", "23514"],
    ["a row that the CHECK forbids", "UPDATE t SET a = -1 WHERE a = 8", "ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t DROP CONSTRAINT t_a_check", "23514"],
    ["a row without its other end", "UPDATE t SET b = 101 WHERE a = 8", "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p", "ALTER TABLE t DROP CONSTRAINT t_b_fkey", "23503"],
  ])("what %s stands in the way of fails where it is found, and goes back whole", async (_, spoil, forward, back, code) => {
    const { database, target } = await place();
    await database.client.query(spoil);
    const before = await readCatalog(target.operator);
    const built = await changeOf(`${forward};`, `${back};`);
    await expect(up(target, built)).rejects.toMatchObject({ code });
    await settle(target);
    await expectCatalog(target, before, "taken back");
  }); // prettier-ignore

  it.each(Object.entries(cases).filter(([name]) => name !== "a column that is the key"))(
    "%s reads no row under a lock that keeps anybody waiting",
    async (name, halves) => {
      const { database, target } = await place();
      await database.client.query(readingWatch);
      const built = await changeOf(halves.up, halves.down);
      await up(target, built);
      // On the way back what takes the place of something of the same name stays in one transaction with it.
      if (!name.includes("in the place of")) await down(target, built);
      expect(await database.query("SELECT * FROM watch.read WHERE statement NOT LIKE 'SELECT belay.%'")).toEqual([]);
    },
  );

  it.each([
    "ALTER TABLE t ADD CHECK (a > 0)",
    "ALTER TABLE t ALTER a SET NOT NULL",
    "ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES p",
    "ALTER TABLE t ADD UNIQUE (a)",
    "ALTER TABLE t ADD COLUMN e int CHECK (e > 0)",
    "CREATE INDEX ON t (a)",
  ])("%s does so where it runs as written", async (statement) => {
    const { database, target } = await place();
    await database.client.query(readingWatch);
    await up(target, await changeOf(`-- belay:as-written\n${statement};`, "SELECT 1;"));
    expect(await database.query("SELECT DISTINCT rows >= 2000 AS all FROM watch.read")).toEqual([{ all: true }]);
  });
});
