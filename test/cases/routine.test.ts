import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { tasks } from "./harness/tables.js";

const add = "CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';";
const touch = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
const triggered = `${tasks} ${touch} CREATE TRIGGER touched BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();`;

prove("a routine and a trigger", [
  {
    name: "CREATE FUNCTION with all that may be said of it",
    before: "SELECT 1;",
    up: `CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SECURITY DEFINER COST 5 SET search_path = public AS $$ SELECT a + b; $$;
    COMMENT ON FUNCTION add IS 'adds'; REVOKE EXECUTE ON FUNCTION add FROM PUBLIC; GRANT EXECUTE ON FUNCTION add TO ${reader}; ALTER FUNCTION add OWNER TO ${writer};`,
    down: "DROP FUNCTION add(int, int);",
    afterUp: [["SELECT add(2)", ["3"]]],
  },
  {
    name: "CREATE FUNCTION … BEGIN ATOMIC over a table",
    before: tasks,
    up: "CREATE FUNCTION titles() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT title FROM tasks; END;",
    down: "DROP FUNCTION titles();",
  },
  {
    name: "CREATE OR REPLACE FUNCTION: the body before comes back",
    before: add,
    up: "CREATE OR REPLACE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b + 100';",
    down: "CREATE OR REPLACE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a + b';",
    afterDown: [["SELECT add(2)", ["3"]]],
  },
  {
    name: "an overload beside it",
    before: add,
    up: "CREATE FUNCTION add(a text, b text) RETURNS text LANGUAGE sql AS 'SELECT a || b';",
    down: "DROP FUNCTION add(text, text);",
  },
  { name: "DROP FUNCTION", before: add, up: "DROP FUNCTION add(int, int);", down: add },
  {
    name: "DROP FUNCTION with its comment, grant and owner",

    before: `${add} COMMENT ON FUNCTION add IS 'adds'; GRANT EXECUTE ON FUNCTION add TO ${reader}; ALTER FUNCTION add OWNER TO ${writer};`,
    up: "DROP FUNCTION add;",
    down: add,
  },
  {
    name: "DROP FUNCTION … CASCADE, and the default, the trigger and the index that call it",

    before: `${add} ${tasks} ALTER TABLE tasks ALTER priority SET DEFAULT add(1); CREATE INDEX by_sum ON tasks (add(priority));`,
    up: "DROP FUNCTION add CASCADE;",
    down: add,
  },
  {
    name: "ALTER FUNCTION: attributes, name, schema",
    before: `${add} CREATE SCHEMA app;`,
    up: "ALTER FUNCTION add(int, int) STABLE PARALLEL SAFE COST 7 SET work_mem = '8MB'; ALTER FUNCTION add(int, int) RENAME TO plus; ALTER FUNCTION plus(int, int) SET SCHEMA app;",
    down: "ALTER FUNCTION app.plus(int, int) SET SCHEMA public; ALTER FUNCTION plus(int, int) RENAME TO add; ALTER FUNCTION add(int, int) IMMUTABLE PARALLEL UNSAFE COST 100 RESET work_mem;",
  },
  {
    name: "CREATE PROCEDURE",
    before: tasks,
    up: "CREATE PROCEDURE clean(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; END $$;",
    down: "DROP PROCEDURE clean(int);",
  },
  {
    name: "CREATE AGGREGATE",
    before: "SELECT 1;",
    up: "CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0');",
    down: "DROP AGGREGATE total(int);",
  },
  {
    name: "DO, with statements that the parser does not see",
    before: tasks,
    up: "DO $$ BEGIN EXECUTE 'ALTER TABLE tasks ADD COLUMN hidden int'; END $$;",
    down: "ALTER TABLE tasks DROP COLUMN hidden;",
    write: "UPDATE tasks SET hidden = 5 WHERE id = 1",
  },
  {
    name: "CREATE TRIGGER with a condition, transition tables and a comment",
    before: `${tasks} ${touch}`,
    up: "CREATE TRIGGER one BEFORE UPDATE OF note ON tasks FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note) EXECUTE FUNCTION touch('x'); CREATE TRIGGER two AFTER UPDATE ON tasks REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION touch(); COMMENT ON TRIGGER one ON tasks IS 't';",
    down: "DROP TRIGGER two ON tasks; DROP TRIGGER one ON tasks;",
    write: "UPDATE tasks SET note = 'x' WHERE id = 1",
  },
  {
    name: "CREATE CONSTRAINT TRIGGER",
    before: `${tasks} ${touch}`,
    up: "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();",
    down: "DROP TRIGGER late ON tasks;",
    write: "INSERT INTO tasks VALUES (4, 'four')",
  },
  {
    name: "DROP TRIGGER",
    before: triggered,
    up: "DROP TRIGGER touched ON tasks;",
    down: "CREATE TRIGGER touched BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();",
  },
  {
    name: "DROP TRIGGER of one that is enabled always and has a comment",
    before: `${triggered} ALTER TABLE tasks ENABLE ALWAYS TRIGGER touched; COMMENT ON TRIGGER touched ON tasks IS 't';`,
    up: "DROP TRIGGER touched ON tasks;",
    down: "CREATE TRIGGER touched BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE tasks ENABLE ALWAYS TRIGGER touched; COMMENT ON TRIGGER touched ON tasks IS 't';",
  },
  {
    name: "RENAME of a trigger, DISABLE and ENABLE REPLICA",
    before: `${triggered} CREATE TRIGGER other AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION touch();`,
    up: "ALTER TRIGGER touched ON tasks RENAME TO moved; ALTER TABLE tasks DISABLE TRIGGER moved, ENABLE REPLICA TRIGGER other;",
    down: "ALTER TABLE tasks ENABLE TRIGGER other, ENABLE TRIGGER moved; ALTER TRIGGER moved ON tasks RENAME TO touched;",
  },
  {
    name: "DISABLE TRIGGER ALL, those of foreign keys too",
    before: `${triggered} ALTER TABLE tasks ADD FOREIGN KEY (priority) REFERENCES tasks;`,
    up: "ALTER TABLE tasks DISABLE TRIGGER ALL;",
    down: "ALTER TABLE tasks ENABLE TRIGGER ALL;",
  },
  {
    name: "CREATE OR REPLACE TRIGGER",
    before: triggered,
    up: "CREATE OR REPLACE TRIGGER touched AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();",
    down: "CREATE OR REPLACE TRIGGER touched BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch();",
  },
  {
    name: "CREATE EVENT TRIGGER",
    before: "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';",
    up: "CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION watch();",
    down: "DROP EVENT TRIGGER watching;",
  },
]);
