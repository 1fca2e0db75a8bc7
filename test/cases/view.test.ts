import { prove } from "./harness/prove.js";
import { reader, writer } from "./harness/roles.js";
import { tasks } from "./harness/tables.js";

const notes = "CREATE VIEW notes AS SELECT id, note FROM tasks;";
const viewed = `${tasks} ${notes}`;
const counted = "CREATE MATERIALIZED VIEW counted AS SELECT note, count(*) AS n FROM tasks GROUP BY note;";

prove("a view", [
  {
    name: "CREATE VIEW",
    before: tasks,
    up: notes,
    down: "DROP VIEW notes;",
    write: "UPDATE notes SET note = 'x' WHERE id = 1",
  },
  {
    name: "CREATE VIEW with options, a CHECK OPTION, comments, grants and an owner",
    before: tasks,
    up: `CREATE VIEW notes WITH (security_barrier) AS SELECT id, note FROM tasks WHERE id < 10 WITH LOCAL CHECK OPTION; COMMENT ON VIEW notes IS 'v'; COMMENT ON COLUMN notes.note IS 'c'; GRANT SELECT ON notes TO ${reader}; ALTER VIEW notes OWNER TO ${writer};`,
    down: "DROP VIEW notes;",
  },
  {
    name: "CREATE RECURSIVE VIEW",
    before: "SELECT 1;",
    up: "CREATE RECURSIVE VIEW numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 3;",
    down: "DROP VIEW numbers;",
    afterUp: [["SELECT sum(n) FROM numbers", ["6"]]],
  },
  {
    name: "CREATE OR REPLACE VIEW with one column more",
    before: viewed,
    up: "CREATE OR REPLACE VIEW notes AS SELECT id, note, priority FROM tasks;",
    down: `DROP VIEW notes; ${notes}`,
  },
  {
    name: "CREATE OR REPLACE VIEW with another condition",
    before: viewed,
    up: "CREATE OR REPLACE VIEW notes AS SELECT id, note FROM tasks WHERE note IS NOT NULL;",
    down: "CREATE OR REPLACE VIEW notes AS SELECT id, note FROM tasks;",
  },
  {
    name: "DROP VIEW with its comment, grants, options and owner",
    today: "a view is dropped as written, and this down does not say all of it",

    before: `${viewed} COMMENT ON VIEW notes IS 'v'; GRANT SELECT ON notes TO ${reader}; ALTER VIEW notes SET (security_barrier = true); ALTER VIEW notes OWNER TO ${writer};`,
    up: "DROP VIEW notes;",
    down: notes,
  },
  {
    name: "DROP VIEW plain",
    before: viewed,
    up: "DROP VIEW notes;",
    down: notes,
    write: "UPDATE tasks SET note = 'x' WHERE id = 1",
  },
  {
    name: "DROP VIEW with those over it, with CASCADE",

    before: `${viewed} CREATE VIEW more AS SELECT count(*) FROM notes; COMMENT ON VIEW more IS 'm';`,
    up: "DROP VIEW notes CASCADE;",
    down: notes,
  },
  {
    name: "RENAME of a view and of its column",
    before: viewed,
    up: "ALTER VIEW notes RENAME TO remarks; ALTER VIEW remarks RENAME COLUMN note TO remark;",
    down: "ALTER VIEW remarks RENAME COLUMN remark TO note; ALTER VIEW remarks RENAME TO notes;",
  },
  {
    name: "SET SCHEMA and SET of options",
    before: `${viewed} CREATE SCHEMA app;`,
    up: "ALTER VIEW notes SET (security_barrier = true); ALTER VIEW notes SET SCHEMA app;",
    down: "ALTER VIEW app.notes SET SCHEMA public; ALTER VIEW notes RESET (security_barrier);",
  },
  {
    name: "ALTER COLUMN … SET DEFAULT",
    before: viewed,
    up: "ALTER VIEW notes ALTER note SET DEFAULT 'v';",
    down: "ALTER VIEW notes ALTER note DROP DEFAULT;",
  },
  {
    name: "an INSTEAD OF trigger on a view",
    before: `${viewed} CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';`,
    up: "CREATE TRIGGER instead INSTEAD OF UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();",
    down: "DROP TRIGGER instead ON notes;",
  },
  {
    name: "CREATE MATERIALIZED VIEW with an index",
    before: tasks,
    up: `${counted} CREATE UNIQUE INDEX ON counted (note); COMMENT ON MATERIALIZED VIEW counted IS 'm';`,
    down: "DROP MATERIALIZED VIEW counted;",
    write: "REFRESH MATERIALIZED VIEW CONCURRENTLY counted",
  },
  {
    name: "CREATE MATERIALIZED VIEW … WITH NO DATA",
    before: tasks,
    up: "CREATE MATERIALIZED VIEW counted AS SELECT note FROM tasks WITH NO DATA;",
    down: "DROP MATERIALIZED VIEW counted;",
  },
  {
    name: "DROP MATERIALIZED VIEW with its index, grant, comment and what it held",

    before: `${tasks} ${counted} CREATE UNIQUE INDEX counted_note ON counted (note); GRANT SELECT ON counted TO ${reader}; COMMENT ON MATERIALIZED VIEW counted IS 'm'; DELETE FROM tasks WHERE id = 1;`,
    up: "DROP MATERIALIZED VIEW counted;",
    down: counted,
    afterDown: [["SELECT note, n FROM counted ORDER BY note", ["a", "1"], ["c", "1"], [null, "1"]]],
  },
  {
    name: "DROP MATERIALIZED VIEW plain",
    before: `${tasks} ${counted}`,
    up: "DROP MATERIALIZED VIEW counted;",
    down: counted,
  },
  {
    name: "ALTER MATERIALIZED VIEW",
    before: `${tasks} ${counted}`,
    up: "ALTER MATERIALIZED VIEW counted RENAME TO tally; ALTER MATERIALIZED VIEW tally SET (fillfactor = 70); ALTER MATERIALIZED VIEW tally ALTER n SET STATISTICS 20;",
    down: "ALTER MATERIALIZED VIEW tally ALTER n SET STATISTICS -1; ALTER MATERIALIZED VIEW tally RESET (fillfactor); ALTER MATERIALIZED VIEW tally RENAME TO counted;",
  },
  {
    name: "REFRESH MATERIALIZED VIEW: what it held before is named as lost",
    before: `${tasks} ${counted} DELETE FROM tasks WHERE id = 1;`,
    up: "REFRESH MATERIALIZED VIEW counted;",
    loss: { named: ["materialized view counted"] },
    down: "REFRESH MATERIALIZED VIEW counted;",
  },
  {
    name: "CREATE RULE, and DROP",
    before: `${viewed} CREATE RULE old AS ON DELETE TO notes DO INSTEAD NOTHING;`,
    up: "CREATE RULE quiet AS ON INSERT TO notes DO INSTEAD INSERT INTO tasks VALUES (NEW.id, 'r', NEW.note); DROP RULE old ON notes;",
    down: "CREATE RULE old AS ON DELETE TO notes DO INSTEAD NOTHING; DROP RULE quiet ON notes;",
    write: "INSERT INTO notes VALUES (4, 'ruled')",
  },
  {
    name: "a rule that is renamed and disabled",
    before: `${tasks} CREATE RULE quiet AS ON DELETE TO tasks DO INSTEAD NOTHING; COMMENT ON RULE quiet ON tasks IS 'r';`,
    up: "ALTER TABLE tasks DISABLE RULE quiet; ALTER RULE quiet ON tasks RENAME TO silent;",
    down: "ALTER RULE silent ON tasks RENAME TO quiet; ALTER TABLE tasks ENABLE RULE quiet;",
  },
]);
