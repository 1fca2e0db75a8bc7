/** One change of each shape, as the files of its pair. */
export const shapes = {
  "a transactional change": {
    up: `
      ALTER TABLE tasks ADD COLUMN model text DEFAULT 'none';
      UPDATE tasks SET n = n + 10 WHERE id <= 100;
      -- belay:as-written the table is small, and this is to be one transaction
      ALTER TABLE tasks ADD CONSTRAINT n_positive CHECK (n > 0);`,
    down: `
      ALTER TABLE tasks DROP CONSTRAINT n_positive;
      UPDATE tasks SET n = n - 10 WHERE id <= 100;
      ALTER TABLE tasks DROP COLUMN model;`,
  },
  "an index built concurrently": {
    up: "CREATE UNIQUE INDEX CONCURRENTLY tasks_n ON tasks (n);",
    down: "DROP INDEX CONCURRENTLY tasks_n;",
  },
  "a backfill": {
    up: "-- belay:batch\nUPDATE tasks SET n = n + 1000000;",
    down: "-- belay:batch\nUPDATE tasks SET n = n - 1000000;",
  },
  "a mixed change of five statements": {
    up: `
      ALTER TABLE tasks ADD COLUMN rank int;
      UPDATE tasks SET n = n + 100 WHERE id <= 100;
      CREATE INDEX CONCURRENTLY idx_rank ON tasks (rank);
      ALTER TABLE tasks ADD CONSTRAINT rank_positive CHECK (rank IS NULL OR rank > 0) NOT VALID;
      ALTER TABLE tasks VALIDATE CONSTRAINT rank_positive;`,
    down: `
      ALTER TABLE tasks DROP CONSTRAINT rank_positive;
      DROP INDEX CONCURRENTLY idx_rank;
      UPDATE tasks SET n = n - 100 WHERE id <= 100;
      ALTER TABLE tasks DROP COLUMN rank;`,
  },
} as const;

export type Shape = keyof typeof shapes;

/** The application's table: a backfill goes through it in two batches. */
export const schema = `
  CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int NOT NULL);
  INSERT INTO tasks (n) SELECT i * 1000 FROM generate_series(1, 1100) i;
`;

/**
 * Makes statements long: the first one that changes a definition, writes the ledger or updates row 70 or 900 while the hold is armed waits, in the middle of its work, until
 * the advisory lock 77 can be had. That it was the first is kept by a sequence, which no rollback takes back.
 */
export const hold = `
  CREATE TABLE belay.hold (armed boolean);
  INSERT INTO belay.hold VALUES (false);
  CREATE SEQUENCE belay.held;
  CREATE FUNCTION belay.hold_here() RETURNS void LANGUAGE plpgsql AS $f$
  BEGIN
    IF NOT (SELECT armed FROM belay.hold) OR nextval('belay.held') > 1 THEN
      RETURN;
    END IF;
    LOOP
      EXIT WHEN pg_try_advisory_lock_shared(77);
      PERFORM pg_sleep(0.005);
    END LOOP;
    PERFORM pg_advisory_unlock_shared(77);
  END $f$;
  CREATE FUNCTION belay.hold_row() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM belay.hold_here(); RETURN NULL; END $f$;
  CREATE FUNCTION belay.hold_definition() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM belay.hold_here(); END $f$;
  CREATE TRIGGER hold_row AFTER INSERT ON belay.journal FOR EACH ROW EXECUTE FUNCTION belay.hold_row();
  CREATE TRIGGER hold_row AFTER UPDATE ON tasks FOR EACH ROW WHEN (NEW.id IN (70, 900)) EXECUTE FUNCTION belay.hold_row();
  CREATE EVENT TRIGGER hold_definition ON ddl_command_end EXECUTE FUNCTION belay.hold_definition();
`;
