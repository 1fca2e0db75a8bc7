import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";

const counter =
  "CREATE SEQUENCE counter AS integer INCREMENT 5 MINVALUE 10 MAXVALUE 1000 START 20 CACHE 3 CYCLE; SELECT nextval('counter');";

prove("a sequence", [
  {
    name: "CREATE SEQUENCE with its options, comment and grant",
    before: "SELECT 1;",
    up: `${counter.split(";")[0]}; COMMENT ON SEQUENCE counter IS 's'; GRANT USAGE ON SEQUENCE counter TO ${reader};`,
    down: "DROP SEQUENCE counter;",
  },
  {
    name: "CREATE SEQUENCE … OWNED BY a column",
    before: "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);",
    up: "CREATE SEQUENCE t_seq OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('t_seq');",
    down: "ALTER TABLE t ALTER id DROP DEFAULT; DROP SEQUENCE t_seq;",
    write: "SELECT setval('t_seq', 10); INSERT INTO t DEFAULT VALUES",
    afterDown: [
      ["SELECT count(*)::text FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace", ["0"]],
    ],
    afterAgain: [["SELECT pg_get_serial_sequence('t', 'id')", ["public.t_seq"]]],
  },
  {
    name: "CREATE SEQUENCE again: it does not give a value a second time",

    before: "SELECT 1;",
    up: "CREATE SEQUENCE counter;",
    down: "DROP SEQUENCE counter;",
    write: "SELECT nextval('counter') FROM generate_series(1, 7)",
    afterAgain: [["SELECT nextval('counter') > 7", ["true"]]],
  },
  {
    name: "DROP SEQUENCE: it goes on where it was",

    before: counter,
    up: "DROP SEQUENCE counter;",
    down: "CREATE SEQUENCE counter AS integer INCREMENT 5 MINVALUE 10 MAXVALUE 1000 START 20 CACHE 3 CYCLE;",
    afterDown: [["SELECT last_value >= 20 AND is_called FROM counter", ["true"]]],
  },
  {
    name: "DROP SEQUENCE with its comment, grant and owner",

    before: `${counter} COMMENT ON SEQUENCE counter IS 's'; GRANT USAGE ON SEQUENCE counter TO ${reader}; ALTER SEQUENCE counter OWNER TO ${writer};`,
    up: "DROP SEQUENCE counter;",
    down: "CREATE SEQUENCE counter AS integer;",
  },
  {
    name: "DROP SEQUENCE … CASCADE, and the default that draws from it",

    before:
      "CREATE SEQUENCE counter; CREATE TABLE t (id int DEFAULT nextval('counter') PRIMARY KEY); INSERT INTO t DEFAULT VALUES;",
    up: "DROP SEQUENCE counter CASCADE;",
    down: "CREATE SEQUENCE counter; ALTER TABLE t ALTER id SET DEFAULT nextval('counter');",
    write: "INSERT INTO t VALUES (50)",
  },
  {
    name: "ALTER SEQUENCE: options",
    before: counter,
    up: "ALTER SEQUENCE counter AS bigint INCREMENT 1 MINVALUE 1 MAXVALUE 99999 CACHE 1 NO CYCLE;",
    down: "ALTER SEQUENCE counter AS integer INCREMENT 5 MINVALUE 10 MAXVALUE 1000 CACHE 3 CYCLE;",
    write: "SELECT nextval('counter')",
  },
  {
    name: "ALTER SEQUENCE … OWNED BY",
    before: "CREATE SEQUENCE counter; CREATE TABLE t (id int);",
    up: "ALTER SEQUENCE counter OWNED BY t.id;",
    down: "ALTER SEQUENCE counter OWNED BY NONE;",
  },
  {
    name: "ALTER SEQUENCE: name, schema, owner",
    before: `${counter} CREATE SCHEMA app;`,
    up: `ALTER SEQUENCE counter RENAME TO meter; ALTER SEQUENCE meter SET SCHEMA app; ALTER SEQUENCE app.meter OWNER TO ${writer};`,
    down: "ALTER SEQUENCE app.meter OWNER TO CURRENT_USER; ALTER SEQUENCE app.meter SET SCHEMA public; ALTER SEQUENCE meter RENAME TO counter;",
    write: "SELECT nextval('app.meter')",
  },
  {
    name: "ALTER SEQUENCE … SET UNLOGGED",
    since: 15,
    before: "CREATE SEQUENCE counter;",
    up: "ALTER SEQUENCE counter SET UNLOGGED;",
    down: "ALTER SEQUENCE counter SET LOGGED;",
  },
  {
    name: "ALTER SEQUENCE … RESTART further on: the way back leaves it there",
    before: "CREATE SEQUENCE counter; SELECT setval('counter', 100);",
    up: "ALTER SEQUENCE counter INCREMENT 10 RESTART WITH 1000;",
    down: "ALTER SEQUENCE counter INCREMENT 1;",
    write: "SELECT nextval('counter')",
  },
]);
