import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { tasks } from "./harness/tables.js";

const secured = `${tasks} ALTER TABLE tasks ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON tasks FOR ALL TO ${reader} USING (title = current_user) WITH CHECK (priority > 0);`;

prove("privileges and policies", [
  {
    name: "GRANT and REVOKE on a table",
    before: `${tasks} GRANT SELECT ON tasks TO ${reader};`,
    up: `GRANT INSERT, UPDATE ON tasks TO ${writer} WITH GRANT OPTION; REVOKE SELECT ON tasks FROM ${reader};`,
    down: `GRANT SELECT ON tasks TO ${reader}; REVOKE INSERT, UPDATE ON tasks FROM ${writer};`,
  },
  {
    name: "GRANT to PUBLIC, and REVOKE from the owner",
    before: tasks,
    up: "GRANT SELECT ON tasks TO PUBLIC; REVOKE DELETE ON tasks FROM CURRENT_USER;",
    down: "GRANT DELETE ON tasks TO CURRENT_USER; REVOKE SELECT ON tasks FROM PUBLIC;",
  },
  {
    name: "GRANT on all tables and sequences in a schema",
    before: `${tasks} CREATE TABLE logs (id serial);`,
    up: `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${reader}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${reader};`,
    down: `REVOKE USAGE ON ALL SEQUENCES IN SCHEMA public FROM ${reader}; REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM ${reader};`,
  },
  {
    name: "GRANT on a schema, a type, a function and a language",
    before:
      "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('ok'); CREATE FUNCTION app.one() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    up: `GRANT USAGE, CREATE ON SCHEMA app TO ${reader}; REVOKE USAGE ON TYPE app.mood FROM PUBLIC; REVOKE EXECUTE ON FUNCTION app.one() FROM PUBLIC;`,
    down: `GRANT EXECUTE ON FUNCTION app.one() TO PUBLIC; GRANT USAGE ON TYPE app.mood TO PUBLIC; REVOKE USAGE, CREATE ON SCHEMA app FROM ${reader};`,
  },
  {
    name: "ALTER DEFAULT PRIVILEGES, and a table made under them",
    before: "CREATE SCHEMA app;",
    up: `ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO ${reader}; CREATE TABLE app.t (id int);`,
    down: `DROP TABLE app.t; ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM ${reader};`,
    write: "INSERT INTO app.t VALUES (1)",
  },
  {
    name: "a dropped table under default privileges has its own ones again, and no others",

    before: `ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${writer}; CREATE TABLE t (id int PRIMARY KEY); REVOKE ALL ON t FROM ${writer}; GRANT INSERT ON t TO ${reader}; INSERT INTO t VALUES (1);`,
    up: "DROP TABLE t;",
    down: "CREATE TABLE t (id int PRIMARY KEY);",
  },
  {
    name: "ENABLE and FORCE ROW LEVEL SECURITY",
    before: tasks,
    up: "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
    down: "ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;",
  },
  {
    name: "CREATE POLICY",
    before: tasks,
    up: `CREATE POLICY own ON tasks AS RESTRICTIVE FOR UPDATE TO ${reader}, ${writer} USING (title = current_user) WITH CHECK (priority > 0); COMMENT ON POLICY own ON tasks IS 'p';`,
    down: "DROP POLICY own ON tasks;",
  },
  {
    name: "CREATE POLICY that looks into another table",
    before: `${tasks} CREATE TABLE members (name text);`,
    up: "CREATE POLICY known ON tasks USING (EXISTS (SELECT FROM members WHERE name = title)); ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;",
    down: "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY; DROP POLICY known ON tasks;",
  },
  {
    name: "ALTER POLICY: name, roles, conditions",
    before: secured,
    up: `ALTER POLICY own ON tasks RENAME TO mine; ALTER POLICY mine ON tasks TO PUBLIC USING (true) WITH CHECK (true);`,
    down: `ALTER POLICY mine ON tasks TO ${reader} USING (title = current_user) WITH CHECK (priority > 0); ALTER POLICY mine ON tasks RENAME TO own;`,
  },
  {
    name: "DROP POLICY",
    before: secured,
    up: "DROP POLICY own ON tasks;",
    down: `CREATE POLICY own ON tasks FOR ALL TO ${reader} USING (title = current_user) WITH CHECK (priority > 0);`,
  },
]);
