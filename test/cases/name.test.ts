import type { Case } from "./harness/case.js";
import { prove } from "./harness/prove.js";
import { reader } from "./harness/roles.js";

/** Names that only quotes make possible, or that come to the limit of 63 bytes. */
const names = {
  "upper case": "Tasks",
  "a space": "my tasks",
  "quotes of both kinds": `it's "so"`,
  "a dot": "a.b",
  "a keyword": "select",
  "letters beyond ASCII": "задачи_数_é",
  "63 bytes": "n".repeat(63),
  "63 bytes of two each and one": `${"é".repeat(31)}n`,
  "a dollar, a backslash and a percent sign": "$belay$ \\ %I",
  "what looks like a comment": "-- /* tasks */",
} as const;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const column = (what: string, name: string): Case => ({
  name: `a column, with ${what}: added`,
  before: `CREATE TABLE ${quoted(name)} (${quoted(`${name.slice(1)}k`)} int PRIMARY KEY); INSERT INTO ${quoted(name)} VALUES (1), (2);`,
  up: `ALTER TABLE ${quoted(name)} ADD COLUMN ${quoted(name)} text; GRANT UPDATE (${quoted(name)}) ON ${quoted(name)} TO ${reader};`,
  down: `ALTER TABLE ${quoted(name)} DROP COLUMN ${quoted(name)};`,
  write: `UPDATE ${quoted(name)} SET ${quoted(name)} = 'x'`,
});

const dropped = (what: string, name: string): Case => ({
  name: `a column, with ${what}: dropped`,
  before: `CREATE TABLE ${quoted(name)} (id int PRIMARY KEY, ${quoted(name)} text); INSERT INTO ${quoted(name)} VALUES (1, 'a'), (2, NULL);`,
  up: `ALTER TABLE ${quoted(name)} DROP COLUMN ${quoted(name)};`,
  down: `ALTER TABLE ${quoted(name)} ADD COLUMN ${quoted(name)} text;`,
  write: `INSERT INTO ${quoted(name)} VALUES (3)`,
});

const table = (what: string, name: string): Case => ({
  name: `a table in a schema, with ${what}: made, and an index in no transaction`,
  before: `CREATE SCHEMA ${quoted(name)};`,
  up: `CREATE TABLE ${quoted(name)}.${quoted(name)} (id int PRIMARY KEY, ${quoted(name)} text); CREATE INDEX CONCURRENTLY ${quoted(`${name.slice(1)}i`)} ON ${quoted(name)}.${quoted(name)} (${quoted(name)});`,
  down: `DROP INDEX CONCURRENTLY ${quoted(name)}.${quoted(`${name.slice(1)}i`)}; DROP TABLE ${quoted(name)}.${quoted(name)};`,
  write: `INSERT INTO ${quoted(name)}.${quoted(name)} VALUES (1, 'a')`,
});

const everyName = Object.entries(names);

prove("exotic names", [
  ...everyName.map(([what, name]) => column(what, name)),
  ...everyName.map(([what, name]) => dropped(what, name)),
  ...everyName.filter((_, index) => index % 3 === 2).map(([what, name]) => table(what, name)),
  {
    name: "a table, its column, its constraint, its trigger, its policy and its view, all of one odd name",

    before: `CREATE FUNCTION "It's "() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TABLE "It's " ("It's " int PRIMARY KEY, b int CONSTRAINT "It's " CHECK (b > 0)); INSERT INTO "It's " VALUES (1, 2);
      CREATE TRIGGER "It's " BEFORE UPDATE ON "It's " FOR EACH ROW EXECUTE FUNCTION "It's "(); CREATE POLICY "It's " ON "It's " USING (b > 0);
      CREATE INDEX "It's i" ON "It's " (b); COMMENT ON TABLE "It's " IS 'it''s $$ a "table"';`,
    up: `DROP TABLE "It's ";`,
    down: `CREATE TABLE "It's " ("It's " int PRIMARY KEY, b int);`,
  },
]);
