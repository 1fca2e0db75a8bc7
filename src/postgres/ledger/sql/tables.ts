/** The tables of the ledger, and what keeps them append-only. */
export const tables = `
CREATE SCHEMA IF NOT EXISTS belay;
CREATE SCHEMA IF NOT EXISTS belay_kept;
COMMENT ON SCHEMA belay IS 'Belay: the ledger of what is applied here. Read belay.applied; never write here by hand.';
COMMENT ON SCHEMA belay_kept IS 'Belay: what a change dropped, kept for the way back.';

CREATE TABLE IF NOT EXISTS belay.journal (
  seq      bigint PRIMARY KEY,
  at       timestamptz NOT NULL,
  kind     text NOT NULL,
  rollout  text,
  change   text,
  actor    text NOT NULL,
  body     jsonb NOT NULL,
  previous text NOT NULL,
  hash     text NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS journal_change_idx ON belay.journal (change, seq);
CREATE INDEX IF NOT EXISTS journal_rollout_idx ON belay.journal (rollout, seq);
-- What was kept is looked for before each way forward and back, and seldom there.
CREATE INDEX IF NOT EXISTS journal_kept_idx ON belay.journal (change, seq) WHERE kind = 'kept';

CREATE TABLE IF NOT EXISTS belay.head (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  seq  bigint NOT NULL,
  hash text NOT NULL
);
ALTER TABLE belay.head ADD COLUMN IF NOT EXISTS epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE belay.head ADD COLUMN IF NOT EXISTS operator text;
ALTER TABLE belay.head ADD COLUMN IF NOT EXISTS since timestamptz;
COMMENT ON COLUMN belay.head.epoch IS 'Grows with each operator: whoever writes with an older one has been taken over.';
INSERT INTO belay.head (seq, hash) VALUES (0, '') ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS belay.snapshot (
  fingerprint text PRIMARY KEY,
  body        jsonb NOT NULL
);
ALTER TABLE belay.snapshot ADD COLUMN IF NOT EXISTS base text;
ALTER TABLE belay.snapshot ADD COLUMN IF NOT EXISTS depth integer NOT NULL DEFAULT 0;
ALTER TABLE belay.snapshot ADD COLUMN IF NOT EXISTS room bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN belay.snapshot.base IS 'The snapshot from which this one differs by its body; null for one that is whole.';
COMMENT ON COLUMN belay.snapshot.room IS 'How many characters those that stand on this one may have together until one is stored whole again.';

CREATE TABLE IF NOT EXISTS belay.artifact (
  hash     text PRIMARY KEY CHECK (hash = encode(sha256(convert_to(sql || E'\\n' || manifest, 'UTF8')), 'hex')),
  sql      text NOT NULL,
  manifest text NOT NULL
);
COMMENT ON TABLE belay.artifact IS 'The sealed ways back, each under its hash, which the entries of the changes name as their artifact.';

CREATE OR REPLACE FUNCTION belay.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
  RAISE EXCEPTION 'belay.% is append-only', TG_TABLE_NAME USING ERRCODE = 'BE001';
END $f$;
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON belay.journal
  FOR EACH STATEMENT EXECUTE FUNCTION belay.refuse_rewriting();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON belay.artifact
  FOR EACH STATEMENT EXECUTE FUNCTION belay.refuse_rewriting();
`;
