import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";

const mood = `CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE people (id int PRIMARY KEY, mood mood DEFAULT 'ok'); INSERT INTO people VALUES (1, 'sad'), (2, 'ok');`;
const email = `CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%'); CREATE TABLE people (id int PRIMARY KEY, email email); INSERT INTO people VALUES (1, 'a@x'), (2, NULL);`;

prove("a type", [
  {
    name: "CREATE TYPE … AS ENUM with its comment, grant and owner",
    before: "SELECT 1;",
    up: `CREATE TYPE mood AS ENUM ('sad', 'ok'); COMMENT ON TYPE mood IS 'm'; REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO ${reader}; ALTER TYPE mood OWNER TO ${writer};`,
    down: "DROP TYPE mood;",
  },
  {
    name: "an enum's value added, and no row uses it: the way back makes the type anew",
    before: mood,
    up: "ALTER TYPE mood ADD VALUE 'calm' BEFORE 'happy';",
    down: "ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); ALTER TABLE people ALTER mood DROP DEFAULT; ALTER TABLE people ALTER mood TYPE mood USING mood::text::mood; ALTER TABLE people ALTER mood SET DEFAULT 'ok'; DROP TYPE mood_old;",
    write: "INSERT INTO people VALUES (3, 'happy')",
  },
  {
    name: "an enum's value renamed",
    before: mood,
    up: "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';",
    down: "ALTER TYPE mood RENAME VALUE 'blue' TO 'sad';",
    afterUp: [["SELECT mood FROM people WHERE id = 1", ["blue"]]],
  },
  {
    name: "DROP TYPE of an enum that nothing uses",

    before: `CREATE TYPE mood AS ENUM ('sad', 'ok'); COMMENT ON TYPE mood IS 'm'; GRANT USAGE ON TYPE mood TO ${reader};`,
    up: "DROP TYPE mood;",
    down: "CREATE TYPE mood AS ENUM ('sad', 'ok');",
  },
  {
    name: "DROP TYPE of an enum that nothing uses, without anything on it",
    before: "CREATE TYPE mood AS ENUM ('sad', 'ok');",
    up: "DROP TYPE mood;",
    down: "CREATE TYPE mood AS ENUM ('sad', 'ok');",
  },
  {
    name: "DROP TYPE … CASCADE, and the column that uses it",
    before: mood,
    up: "DROP TYPE mood CASCADE;",
    down: "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); ALTER TABLE people ADD COLUMN mood mood DEFAULT 'ok';",
  },
  {
    name: "RENAME, SET SCHEMA and OWNER of a type in use",
    before: `${mood} CREATE SCHEMA app;`,
    up: `ALTER TYPE mood RENAME TO feeling; ALTER TYPE feeling SET SCHEMA app; ALTER TYPE app.feeling OWNER TO ${writer};`,
    down: "ALTER TYPE app.feeling OWNER TO CURRENT_USER; ALTER TYPE app.feeling SET SCHEMA public; ALTER TYPE feeling RENAME TO mood;",
  },
  {
    name: "CREATE TYPE of attributes, and a table with it",
    before: "SELECT 1;",
    up: "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (id int PRIMARY KEY, p pair, l pair[]);",
    down: "DROP TABLE t; DROP TYPE pair;",
    write: "INSERT INTO t VALUES (1, (1, 'x'), ARRAY[(2, 'y')::pair])",
  },
  {
    name: "ADD and ALTER ATTRIBUTE",
    before: "CREATE TYPE pair AS (a int, b text);",
    up: "ALTER TYPE pair ADD ATTRIBUTE c date, ALTER ATTRIBUTE a TYPE bigint;",
    down: "ALTER TYPE pair ALTER ATTRIBUTE a TYPE int, DROP ATTRIBUTE c;",
  },
  {
    name: "RENAME ATTRIBUTE",
    before:
      "CREATE TYPE pair AS (a int, b text); CREATE TABLE t (id int PRIMARY KEY, p pair); INSERT INTO t VALUES (1, (1, 'x'));",
    up: "ALTER TYPE pair RENAME ATTRIBUTE a TO x;",
    down: "ALTER TYPE pair RENAME ATTRIBUTE x TO a;",
  },
  {
    name: "CREATE TYPE of a range",
    before: "SELECT 1;",
    up: "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);",
    down: "DROP TYPE span;",
  },
  {
    name: "CREATE DOMAIN",
    before: "SELECT 1;",
    up: `CREATE DOMAIN email AS text COLLATE "C" DEFAULT 'a@b' NOT NULL CONSTRAINT at CHECK (VALUE LIKE '%@%'); COMMENT ON DOMAIN email IS 'e';`,
    down: "DROP DOMAIN email;",
  },
  {
    name: "ALTER DOMAIN ADD CONSTRAINT, over rows",
    before: email,
    up: "ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 50);",
    down: "ALTER DOMAIN email DROP CONSTRAINT short;",
    write: "INSERT INTO people VALUES (3, 'c@x')",
  },
  {
    name: "ALTER DOMAIN ADD CONSTRAINT … NOT VALID, then VALIDATE",
    before: email,
    up: "ALTER DOMAIN email ADD CONSTRAINT short CHECK (length(VALUE) < 50) NOT VALID; ALTER DOMAIN email VALIDATE CONSTRAINT short;",
    down: "ALTER DOMAIN email DROP CONSTRAINT short;",
  },
  {
    name: "ALTER DOMAIN DROP CONSTRAINT",
    before: email,
    up: "ALTER DOMAIN email DROP CONSTRAINT email_check;",
    down: "ALTER DOMAIN email ADD CONSTRAINT email_check CHECK (VALUE LIKE '%@%');",
  },
  {
    name: "ALTER DOMAIN SET DEFAULT and SET NOT NULL",
    before: `${email} UPDATE people SET email = 'b@x' WHERE id = 2;`,
    up: "ALTER DOMAIN email SET DEFAULT 'x@y'; ALTER DOMAIN email SET NOT NULL;",
    down: "ALTER DOMAIN email DROP NOT NULL; ALTER DOMAIN email DROP DEFAULT;",
  },
  {
    name: "DROP DOMAIN that nothing uses",

    before: "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%'); COMMENT ON DOMAIN email IS 'e';",
    up: "DROP DOMAIN email;",
    down: "CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');",
  },
]);
