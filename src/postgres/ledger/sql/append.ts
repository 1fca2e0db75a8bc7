/** Writing and reading entries: the chain of hashes, and the view of what is applied. */
export const entries = `
CREATE OR REPLACE FUNCTION belay.take_over(actor text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  taken bigint;
BEGIN
  UPDATE belay.head SET epoch = epoch + 1, operator = actor, since = clock_timestamp() RETURNING epoch INTO STRICT taken;
  PERFORM set_config('belay.epoch', taken::text, false);
  RETURN taken;
END $f$;

DROP FUNCTION IF EXISTS belay.append(text, text, text, text, jsonb);
CREATE OR REPLACE FUNCTION belay.append(kind text, rollout text, change text, actor text, body jsonb, claimed bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $f$
DECLARE
  last belay.head;
  now_at timestamptz;
  next_hash text;
BEGIN
  SELECT * INTO STRICT last FROM belay.head FOR UPDATE;
  claimed := coalesce(claimed, nullif(current_setting('belay.epoch', true), '')::bigint);
  -- A person may steer from beside; everything else is the operator's.
  IF claimed IS DISTINCT FROM last.epoch
    AND NOT (claimed IS NULL AND append.kind IN ('approved', 'pause-requested', 'resume-requested', 'abort-requested', 'released')) THEN
    RAISE EXCEPTION 'Belay: this is no longer the operator of database "%": % took over at %.', current_database(), last.operator, last.since
      USING ERRCODE = 'BE009', HINT = 'Nothing was written. Look at "belay status".';
  END IF;
  now_at := clock_timestamp();
  next_hash := encode(sha256(convert_to(concat_ws(E'\\n', last.hash, last.seq + 1,
    to_char(now_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    append.kind, coalesce(append.rollout, ''), coalesce(append.change, ''), append.actor, append.body::text), 'UTF8')), 'hex');
  INSERT INTO belay.journal VALUES
    (last.seq + 1, now_at, append.kind, append.rollout, append.change, append.actor, append.body, last.hash, next_hash);
  UPDATE belay.head SET seq = last.seq + 1, hash = next_hash;
  RETURN last.seq + 1;
END $f$;

CREATE OR REPLACE VIEW belay.applied AS
  SELECT j.change AS id, j.body ->> 'title' AS title, j.at AS applied_at, j.actor AS applied_by, j.rollout, j.body ->> 'digest' AS digest
  FROM belay.journal j
  WHERE j.kind = 'applied'
    AND NOT EXISTS (SELECT FROM belay.journal later
                    WHERE later.change = j.change AND later.seq > j.seq AND later.kind IN ('applied', 'reverted'))
  ORDER BY j.seq;
COMMENT ON VIEW belay.applied IS 'The changes that are live in this database, in the order in which they were applied.';
`;
