import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseStatements } from "../../src/sql/parse.js";
import { freshDatabase, type FreshDatabase } from "../support/database.js";
import { railsChange } from "./report.js";

const CATALOG = `
  SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, pg_get_expr(d.adbin, d.adrelid) AS preset
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, NULL
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  ORDER BY 1, 2, 3`;

describe("on a real server, what Rails' generator asks for", () => {
  let database: FreshDatabase;

  beforeAll(async () => {
    database = await freshDatabase("proposal");
    await database.query("CREATE TABLE users (id bigserial PRIMARY KEY)");
    await database.query("CREATE TABLE products (id bigserial PRIMARY KEY)");
  });

  afterAll(async () => {
    await database.drop();
  });

  const run = async (half: string): Promise<void> => {
    for (const { text } of await parseStatements(half)) await database.query(text);
  };

  const types =
    "string text integer bigint float decimal datetime timestamp timestamptz time date binary boolean json jsonb uuid inet cidr macaddr " +
    "xml tsvector bit bit_varying money interval oid point line lseg box path polygon circle int4range int8range numrange tsrange " +
    "tstzrange daterange";

  it.each([
    `AddAllToProducts ${types
      .split(" ")
      .map((type) => `of_${type}:${type}`)
      .join(" ")}`,
    "AddLimitsToProducts a:string{40}! b:integer{1} c:integer{8}:uniq d:decimal{10,2} e:text{9}? f:token g:digest",
    "AddUserRefToProducts user:references",
    "AddOwnerToProducts owner:references{polymorphic}:uniq",
    "CreateOrders user:references product:belongs_to? state:index",
    "CreateOrders thing:references{polymorphic} --primary-key-type=uuid",
    "CreateOrders --primary-key-type=integer --no-timestamps",
    "CreateOrders --primary-key-type=string",
    "CreateOrders order:references?",
    "CreateJoinTableUserProduct user:uniq product:references",
  ])("goes forward, back to the same catalog, and forward again: %s", async (command) => {
    const { up, down } = await railsChange(`rails g migration ${command}`);
    const before = await database.query(CATALOG);
    await run(up);
    const after = await database.query(CATALOG);
    expect(after).not.toEqual(before);
    await run(down);
    expect(await database.query(CATALOG)).toEqual(before);
    await run(up);
    expect(await database.query(CATALOG)).toEqual(after);
    await run(down);
  });

  it("makes the types that Belay says", async () => {
    const { up, down } = await railsChange(
      "rails g migration AddAToProducts a:datetime b:float c:decimal{10,2} d:time e:bit_varying f:string{8}",
    );
    await run(up);
    const columns = await database.query<{ type: string }>(
      "SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attrelid = 'products'::regclass AND attnum > 1 " +
        "AND NOT attisdropped ORDER BY attname",
    );
    expect(columns.map(({ type }) => type)).toEqual([
      "timestamp(6) without time zone",
      "double precision",
      "numeric(10,2)",
      "time without time zone",
      "bit varying",
      "character varying(8)",
    ]);
    await run(down);
  });
});
