import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wantedLocks } from "../../src/plan/wanted-locks.js";
import { LOCK_MODES, type LockMode } from "../../src/sql/effects.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { operate, stepsFor } from "./world.js";

const schema = `
  CREATE SCHEMA app;
  CREATE TABLE customers (id int PRIMARY KEY, code text UNIQUE, email text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int CONSTRAINT orders_customer REFERENCES customers, parent_id int REFERENCES orders,
    customer_code text CONSTRAINT orders_code REFERENCES customers (code), amount int, note text, remark text);
  CREATE TABLE app.invoices (id int PRIMARY KEY, order_id int CONSTRAINT invoices_order REFERENCES orders);
  CREATE TABLE "Odd ""Name" (id int PRIMARY KEY, "Customer Id" int CONSTRAINT "Odd Key" REFERENCES customers);
  CREATE INDEX orders_note ON orders (note);
  CREATE TABLE base (id int); CREATE TABLE derived () INHERITS (base);
  CREATE TABLE measures (at date NOT NULL, value int) PARTITION BY RANGE (at);
  CREATE TABLE measures_2020 PARTITION OF measures FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE measures_rest PARTITION OF measures DEFAULT;
  CREATE TABLE measures_2022 (at date NOT NULL, value int);
  CREATE VIEW order_notes AS SELECT id, note FROM orders;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
  CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE SEQUENCE counter OWNED BY orders.amount;
  CREATE TABLE facts (at date NOT NULL, customer_id int CONSTRAINT facts_customer REFERENCES customers) PARTITION BY RANGE (at);
  CREATE TABLE facts_2020 PARTITION OF facts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE facts_2022 (at date NOT NULL, customer_id int);
  CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
  CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
  CREATE TABLE parts_2 (id int NOT NULL);
  CREATE TABLE uses (part_id int CONSTRAINT uses_part REFERENCES parts);
  CREATE TABLE years (at date NOT NULL, value int) PARTITION BY RANGE (at);
  CREATE TABLE years_2022 PARTITION OF years FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
  CREATE SCHEMA side; CREATE TABLE side.notes (id int PRIMARY KEY, customer_id int REFERENCES customers);
  CREATE TABLE links (note_id int REFERENCES side.notes);
`;

/** Changes whose locks must be known before their first statement. */
const changes = [
  "ALTER TABLE orders ADD COLUMN x int",
  "ALTER TABLE app.invoices ADD COLUMN x int DEFAULT 3",
  `ALTER TABLE "Odd ""Name" ADD COLUMN x int`,
  `ALTER TABLE "Odd ""Name" DROP CONSTRAINT "Odd Key"`,
  `ALTER TABLE "Odd ""Name" DROP COLUMN "Customer Id"`,
  "ALTER TABLE orders DROP COLUMN amount",
  "ALTER TABLE orders DROP COLUMN customer_id",
  "ALTER TABLE public.orders DROP COLUMN customer_id",
  "ALTER TABLE orders DROP CONSTRAINT orders_customer",
  "ALTER TABLE orders DROP CONSTRAINT orders_code",
  "ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 0) NOT VALID",
  "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (amount) REFERENCES customers NOT VALID",
  "ALTER TABLE orders ALTER COLUMN amount SET NOT NULL",
  "ALTER TABLE orders ALTER COLUMN amount SET STATISTICS 100",
  "ALTER TABLE orders RENAME COLUMN remark TO words",
  "ALTER TABLE orders RENAME TO sales",
  "ALTER TABLE orders ALTER COLUMN remark TYPE varchar(100)",
  "ALTER TABLE orders DISABLE TRIGGER touched",
  "CREATE TABLE payments (id int PRIMARY KEY, order_id int REFERENCES orders, customer int REFERENCES customers)",
  "CREATE TABLE payments (id int PRIMARY KEY); ALTER TABLE payments ADD COLUMN order_id int REFERENCES orders",
  "DROP TABLE app.invoices",
  "DROP TABLE orders CASCADE",
  "DROP TABLE customers CASCADE",
  "DROP VIEW order_notes; DROP TABLE app.invoices, orders",
  "DROP INDEX orders_note",
  "DROP TRIGGER touched ON orders",
  "CREATE TRIGGER again AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch()",
  "CREATE INDEX orders_amount ON orders (amount)",
  "CREATE UNIQUE INDEX invoices_order_key ON app.invoices (order_id)",
  "CREATE INDEX measures_value ON measures (value)",
  "ALTER TABLE measures ADD COLUMN x int",
  "ALTER TABLE base ADD COLUMN x int",
  "CREATE TABLE measures_2021 PARTITION OF measures FOR VALUES FROM ('2021-01-01') TO ('2022-01-01')",
  "ALTER TABLE measures ATTACH PARTITION measures_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  "ALTER TABLE measures DETACH PARTITION measures_2020",
  "DROP TABLE measures_2020",
  "ALTER TABLE facts ATTACH PARTITION facts_2022 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  "CREATE TABLE facts_2023 PARTITION OF facts FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
  "ALTER TABLE facts DETACH PARTITION facts_2020",
  "DROP TABLE facts_2020",
  "DROP TABLE facts",
  "ALTER TABLE facts DROP CONSTRAINT facts_customer",
  "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (10) TO (20)",
  "CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20) TO (30)",
  "ALTER TABLE parts DETACH PARTITION parts_1",
  "DROP TABLE parts CASCADE",
  "DROP TABLE uses",
  "ALTER TABLE measures ATTACH PARTITION years FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
  "CREATE TABLE more () INHERITS (base)",
  "ALTER TABLE derived NO INHERIT base",
  "DROP SCHEMA side CASCADE",
  "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE",
  "ALTER TABLE customers DROP CONSTRAINT customers_code_key CASCADE",
  "ALTER TABLE orders VALIDATE CONSTRAINT orders_customer",
  "ALTER TABLE orders ALTER CONSTRAINT orders_customer DEFERRABLE",
  "ALTER TABLE orders RENAME CONSTRAINT orders_customer TO by",
  "ALTER TABLE orders SET SCHEMA app",
  "ALTER TABLE orders REPLICA IDENTITY FULL",
  "ALTER TABLE orders DISABLE TRIGGER ALL",
  "CLUSTER orders USING orders_pkey",
  "REINDEX TABLE orders",
  "REINDEX INDEX orders_note",
  "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON orders FROM customers FOR EACH ROW EXECUTE FUNCTION touch()",
  "GRANT SELECT ON orders TO CURRENT_USER",
  "TRUNCATE orders, app.invoices",
  "TRUNCATE customers CASCADE",
  "COMMENT ON TABLE orders IS 'sales'",
  "CREATE POLICY own ON orders USING (id > 0)",
  "UPDATE orders SET amount = 1; ALTER TABLE customers ADD COLUMN x int",
  "INSERT INTO customers (id) SELECT id + 1 FROM orders",
  "DELETE FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
  "LOCK TABLE orders IN SHARE MODE",
  "CREATE OR REPLACE VIEW order_notes AS SELECT id, note, amount FROM orders",
  "ALTER TABLE orders ADD COLUMN a int; CREATE INDEX oi ON orders (a); ALTER TABLE customers DROP COLUMN email; DROP TABLE app.invoices",
];

type Held = ReadonlyMap<string, number>;

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase("foreseen");
  await (await operate(database.url)).close();
  await database.client.query(schema);
});

afterAll(() => database.drop());

/** The strongest lock of the own transaction on each table that others see, as its place among the modes. */
async function held(tables: ReadonlySet<string>): Promise<Held> {
  const rows = await database.query<{ relation: string; mode: string }>(
    `SELECT l.relation::text AS relation, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
     WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.relation::text = ANY ($1)`,
    [[...tables]],
  );
  const strongest = new Map<string, number>();
  for (const { relation, mode } of rows) {
    const rank = LOCK_MODES.findIndex((each) => lockName(each) === mode);
    strongest.set(relation, Math.max(rank, strongest.get(relation) ?? -1));
  }
  return strongest;
}

function lockName(mode: LockMode): string {
  return `${mode.toLowerCase().replaceAll(/(^| )(\w)/g, (_, _space, letter: string) => letter.toUpperCase())}Lock`;
}

async function tablesThere(): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ oid: string }>(
    "SELECT oid::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace IN ('public'::regnamespace, 'app'::regnamespace)",
  );
  return new Set(rows.map(({ oid }) => oid));
}

describe("the locks of a transaction", () => {
  it.each(changes)("are all taken before its first statement: %s", async (sql) => {
    const wanted = wantedLocks(await stepsFor(sql));
    const there = await tablesThere();
    await database.query("BEGIN");
    try {
      await database.query("SELECT belay.take_locks($1, $2, 0, 200)", [JSON.stringify(wanted.locks), wanted.removes]);
      const before = await held(there);
      await database.client.query(sql);
      const after = await held(there);
      const late = [...after].filter(([relation, rank]) => rank > (before.get(relation) ?? -1));
      // What only reads the catalog of a table, or looks a key up, makes nobody wait.
      const strong = late.filter(([, rank]) => rank > LOCK_MODES.indexOf("ROW SHARE"));
      const named = await database.query(
        "SELECT oid::regclass::text AS late FROM pg_class WHERE oid::text = ANY ($1)",
        [strong.map(([relation]) => relation)],
      );
      expect(named).toEqual([]);
    } finally {
      await database.query("ROLLBACK");
    }
  });

  it("are taken in the order of the tables' ids, whatever the order of the statements", async () => {
    const order = async (sql: string): Promise<readonly string[]> => {
      const { locks, removes } = wantedLocks(await stepsFor(sql));
      const rows = await database.query<{ relation: string }>("SELECT relation::text FROM belay.locks_of($1, $2)", [
        JSON.stringify(locks),
        removes,
      ]);
      return rows.map(({ relation }) => relation);
    };
    const one = await order("ALTER TABLE orders ADD COLUMN x int; ALTER TABLE customers ADD COLUMN x int");
    const other = await order("ALTER TABLE customers ADD COLUMN x int; ALTER TABLE orders ADD COLUMN x int");
    expect(one).toEqual(["customers", "orders"]);
    expect(other).toEqual(one);
  });

  it.each([
    ["the other end of a foreign key that stays", "ALTER TABLE orders DROP COLUMN note", ["orders ACCESS EXCLUSIVE"]],
    [
      "the default partition of a table that is only referred to",
      "CREATE TABLE lists (part int REFERENCES parts)",
      ["parts SHARE ROW EXCLUSIVE", "parts_1 SHARE ROW EXCLUSIVE", "parts_rest SHARE ROW EXCLUSIVE"],
    ],
    [
      "the other partitions where one is taken out",
      "ALTER TABLE years DETACH PARTITION years_2022",
      ["years ACCESS EXCLUSIVE", "years_2022 ACCESS EXCLUSIVE"],
    ],
    ["whatever a parent refers to", "CREATE TABLE more () INHERITS (orders)", ["orders SHARE UPDATE EXCLUSIVE"]],
    ["a table of the same name elsewhere", "DROP TABLE side.notes CASCADE", ["customers ACCESS EXCLUSIVE", "links ACCESS EXCLUSIVE", "side.notes ACCESS EXCLUSIVE"]], // prettier-ignore
  ])("leave alone %s", async (_, sql, expected) => {
    await database.query("CREATE TABLE IF NOT EXISTS notes (); CREATE TABLE IF NOT EXISTS years_2023 PARTITION OF years FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')"); // prettier-ignore
    const { locks, removes } = wantedLocks(await stepsFor(sql));
    const rows = await database.query("SELECT relation::text || ' ' || mode AS lock FROM belay.locks_of($1, $2)", [
      JSON.stringify(locks),
      removes,
    ]);
    expect(rows.map(({ lock }) => lock).toSorted()).toEqual(expected);
  });
});
