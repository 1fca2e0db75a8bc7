import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { tasks } from "./harness/tables.js";

const app = `CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'a'; GRANT USAGE ON SCHEMA app TO ${reader}; CREATE TYPE app.mood AS ENUM ('ok'); CREATE TABLE app.t (id int PRIMARY KEY, m app.mood); INSERT INTO app.t VALUES (1, 'ok'); CREATE VIEW app.v AS SELECT id FROM app.t; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';`;

prove("schemas and the rest", [
  {
    name: "CREATE SCHEMA with what it holds",
    before: "SELECT 1;",
    up: `CREATE SCHEMA app AUTHORIZATION ${writer} CREATE TABLE t (id int PRIMARY KEY) CREATE VIEW v AS SELECT id FROM t; COMMENT ON SCHEMA app IS 'a';`,
    down: "DROP VIEW app.v; DROP TABLE app.t; DROP SCHEMA app;",
    write: "INSERT INTO app.t VALUES (1)",
  },
  {
    name: "CREATE SCHEMA, which the way back drops with whatever the application made in it",
    before: "SELECT 1;",
    up: "CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY);",
    down: "DROP SCHEMA app CASCADE;",
    write: "INSERT INTO app.t VALUES (1), (2)",
  },
  {
    name: "DROP SCHEMA, an empty one",

    before: `CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'a'; GRANT USAGE ON SCHEMA app TO ${reader}; ALTER SCHEMA app OWNER TO ${writer};`,
    up: "DROP SCHEMA app;",
    down: "CREATE SCHEMA app;",
  },
  {
    name: "DROP SCHEMA … CASCADE: all that it held comes back",

    before: app,
    up: "DROP SCHEMA app CASCADE;",
    down: "CREATE SCHEMA app;",
  },
  {
    name: "ALTER SCHEMA … RENAME",
    before: app,
    up: "ALTER SCHEMA app RENAME TO shop;",
    down: "ALTER SCHEMA shop RENAME TO app;",
    write: "INSERT INTO shop.t VALUES (2, 'ok')",
    touched: { "app.t": ["2"] },
  },
  {
    name: "CREATE EXTENSION, and a column of its type",
    before: tasks,
    up: "CREATE EXTENSION citext; ALTER TABLE tasks ADD COLUMN code citext;",
    down: "ALTER TABLE tasks DROP COLUMN code; DROP EXTENSION citext;",
    write: "UPDATE tasks SET code = 'A' WHERE id = 1",
  },
  {
    name: "DROP EXTENSION, after the column and the table that use it",
    before: `CREATE EXTENSION citext; ${tasks} ALTER TABLE tasks ADD COLUMN code citext DEFAULT 'none'; UPDATE tasks SET code = 'Old' WHERE id = 1;
      CREATE TABLE words (id int PRIMARY KEY, word citext UNIQUE NOT NULL DEFAULT 'w', other citext COLLATE "C"); INSERT INTO words VALUES (1, 'One', 'two'), (2, 'Two', NULL);`,
    up: "ALTER TABLE tasks DROP COLUMN code; DROP TABLE words; DROP EXTENSION citext;",
    down: `CREATE EXTENSION citext; CREATE TABLE words (id int PRIMARY KEY, word citext UNIQUE NOT NULL DEFAULT 'w', other citext COLLATE "C"); ALTER TABLE tasks ADD COLUMN code citext DEFAULT 'none';`,
    write: "INSERT INTO tasks (id, title) VALUES (4, 'four')",
    afterDown: [
      ["SELECT count(*) FROM words WHERE word = 'ONE' AND other = 'TWO'", ["1"]],
      ["SELECT count(*) FROM tasks WHERE code = 'OLD'", ["1"]],
    ],
  },
  {
    name: "DROP EXTENSION",
    before: "CREATE SCHEMA app; CREATE EXTENSION citext SCHEMA app;",
    up: "DROP EXTENSION citext;",
    down: "CREATE EXTENSION citext SCHEMA app;",
  },
  {
    name: "CREATE STATISTICS, altered, and dropped",
    before: `${tasks} CREATE STATISTICS old ON title, note FROM tasks; ALTER STATISTICS old SET STATISTICS 9;`,
    up: "CREATE STATISTICS together (ndistinct, mcv) ON note, priority FROM tasks; ALTER STATISTICS together SET STATISTICS 50; DROP STATISTICS old;",
    down: "CREATE STATISTICS old ON title, note FROM tasks; ALTER STATISTICS old SET STATISTICS 9; DROP STATISTICS together;",
  },
  {
    name: "CREATE PUBLICATION, and ALTER",
    before: tasks,
    up: "CREATE PUBLICATION feed FOR TABLE tasks WITH (publish = 'insert'); ALTER PUBLICATION feed SET (publish = 'insert, update');",
    down: "DROP PUBLICATION feed;",
  },
  {
    name: "a publication that gets a table",
    before: `${tasks} CREATE TABLE logs (id int PRIMARY KEY); CREATE PUBLICATION feed FOR TABLE tasks;`,
    up: "ALTER PUBLICATION feed ADD TABLE logs;",
    down: "ALTER PUBLICATION feed DROP TABLE logs;",
  },
  {
    name: "a dropped table that is in a publication",

    before: `${tasks} CREATE PUBLICATION feed FOR TABLE tasks;`,
    up: "DROP TABLE tasks;",
    down: "CREATE TABLE tasks (id int PRIMARY KEY, title text NOT NULL, note text DEFAULT 'none', priority int);",
  },
  {
    name: "CREATE COLLATION, and a column of it",
    before: tasks,
    up: "CREATE COLLATION bytes (provider = libc, locale = 'C'); ALTER TABLE tasks ADD COLUMN code text COLLATE bytes;",
    down: "ALTER TABLE tasks DROP COLUMN code; DROP COLLATION bytes;",
    write: "UPDATE tasks SET code = 'x' WHERE id = 1",
  },
  {
    name: "CREATE OPERATOR and CREATE CAST",
    before: "CREATE TYPE mood AS ENUM ('ok'); CREATE FUNCTION mood_int(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';",
    up: "CREATE CAST (mood AS int) WITH FUNCTION mood_int(mood); CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);",
    down: "DROP OPERATOR === (int, int); DROP CAST (mood AS int);",
  },
  {
    name: "text search: a dictionary and a configuration",
    before: "SELECT 1;",
    up: "CREATE TEXT SEARCH DICTIONARY words (template = simple); CREATE TEXT SEARCH CONFIGURATION own (copy = pg_catalog.simple); ALTER TEXT SEARCH CONFIGURATION own ALTER MAPPING FOR word WITH words;",
    down: "DROP TEXT SEARCH CONFIGURATION own; DROP TEXT SEARCH DICTIONARY words;",
  },
  {
    name: "a foreign table with its server and wrapper",
    before: "SELECT 1;",
    up: "CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER far FOREIGN DATA WRAPPER wrapper OPTIONS (host 'h'); CREATE USER MAPPING FOR PUBLIC SERVER far; CREATE FOREIGN TABLE remote (a int OPTIONS (x 'y')) SERVER far;",
    down: "DROP FOREIGN TABLE remote; DROP USER MAPPING FOR PUBLIC SERVER far; DROP SERVER far; DROP FOREIGN DATA WRAPPER wrapper;",
  },
  {
    name: "DROP FOREIGN TABLE",
    before:
      "CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER far FOREIGN DATA WRAPPER wrapper; CREATE FOREIGN TABLE remote (a int) SERVER far; COMMENT ON FOREIGN TABLE remote IS 'f';",
    up: "DROP FOREIGN TABLE remote;",
    down: "CREATE FOREIGN TABLE remote (a int) SERVER far; COMMENT ON FOREIGN TABLE remote IS 'f';",
  },
  {
    name: "COMMENT on a schema, a type and a constraint",
    before: `${tasks} CREATE TYPE mood AS ENUM ('ok'); COMMENT ON SCHEMA public IS 'old';`,
    up: "COMMENT ON SCHEMA public IS 'new'; COMMENT ON TYPE mood IS 'm'; COMMENT ON CONSTRAINT tasks_pkey ON tasks IS 'k';",
    down: "COMMENT ON CONSTRAINT tasks_pkey ON tasks IS NULL; COMMENT ON TYPE mood IS NULL; COMMENT ON SCHEMA public IS 'old';",
  },
  {
    name: "DROP OWNED of a role",
    before: `${tasks} GRANT SELECT ON tasks TO ${reader};`,
    up: `DROP OWNED BY ${reader};`,
    down: `GRANT SELECT ON tasks TO ${reader};`,
  },
  { name: "ANALYZE", before: tasks, up: "ANALYZE tasks;", down: "ANALYZE tasks;" },
  {
    name: "VACUUM, outside a transaction",
    before: tasks,
    up: "-- belay:transaction off\nVACUUM tasks;",
    down: "SELECT 1;",
  },
]);
