import type { Change } from "../change/change.js";
import { firstBatch, smallestBatch } from "../plan/batch-size.js";
import {
  authored,
  isAuthors,
  isBracketed,
  lossText,
  roleOf,
  type Section,
  type StatementPlan,
  type Step,
} from "../plan/step.js";
import { wantedLocks } from "../plan/wanted-locks.js";
import { pinnedSettings, withoutTimeouts } from "../sql/pinned-settings.js";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.js";
import { block, perform } from "./block.js";
import type { Recording } from "./recording.js";
import type { Sealing } from "./sealing.js";
import { isSkippable, refused, renderOutside, type Place } from "./render-outside.js";

/** How long one request for a lock may make others wait, in milliseconds, when the artifact runs in bare psql. */
const lockTimeoutMs = 200;
const budget = `SET lock_timeout = '${lockTimeoutMs}ms';`;

/** How long the artifact keeps asking for its locks, in seconds. */
const lockPatienceSeconds = 300;

/**
 * The artifact as SQL for bare psql, or for any driver that sends a script statement by statement: no psql command, no variable. A guard looks into
 * the ledger; each section then runs only where that says so, and the last one records.
 */
export function renderSql(change: Change, plan: StatementPlan, { searchPath, dynamic = null }: Sealing): string {
  const blocks = [head(change, plan, dynamic)];
  if (change.directives.irreversible !== null) return [...blocks, irreversible(change), ""].join("\n\n");
  const sections = plan.backward.length === 0 ? [{ transaction: "inside", steps: [] } as const] : plan.backward;
  blocks.push(settings(change, searchPath), guard(change, sections, dynamic));
  sections.forEach((section, index) => {
    const place = { change, index, count: sections.length, searchPath };
    blocks.push(renderers[section.transaction](section, place));
  });
  if (hidesColumns(sections)) blocks.push(settling(change));
  return [...blocks, perform("pg_advisory_unlock_all()"), "SET application_name TO DEFAULT;", ""].join("\n\n");
}

const renderers: { readonly [K in Section["transaction"]]: (section: Section, place: Place) => string } = {
  inside,
  outside: (section, place) => renderOutside(section, place, budget),
  batched,
};

function head(change: Change, plan: StatementPlan, dynamic: Recording | null): string {
  const statements = plan.backward.flatMap((section) => section.steps).filter(isAuthors);
  const lines = [
    `Belay: the way back of ${oneLine(change.title)} (${change.id}).`,
    `Takes back the change with the digest ${change.digest}.`,
    "",
    `  psql -X -v ON_ERROR_STOP=1 -f rollbacks/${change.id}.sql "$DATABASE_URL"`,
    "",
    "It takes the change back and records that in the ledger. Where the change is not applied it refuses and touches nothing;",
    "run a second time it says so and does nothing. Do not edit it: it is sealed. `belay build` makes it.",
    "",
    "What it does:",
    ...statements.map((step) => `  ${oneLine(authored(step))}${asRole(step)}`),
    ...(statements.length === 0 ? ["  nothing but the ledger's entry"] : []),
    ...verdict(change, plan),
    "It needs the ledger (schema belay) of the target, nothing else of Belay, and the rights that the change was applied with.",
    `How it was proven stands in rollbacks/${change.id}.json, under "evidence": what a rehearsal saw of these very bytes.`,
    ...(dynamic === null ? [] : recordedLines(dynamic)),
  ];
  return lines.map((line) => `-- ${line}`.trimEnd()).join("\n");
}

function verdict({ directives: { irreversible } }: Change, { loss }: StatementPlan): readonly string[] {
  if (irreversible !== null) return [`There is no way back: ${oneLine(irreversible)}`];
  return loss.length === 0 ? ["It loses nothing."] : loss.map((one) => `Lost for good: ${oneLine(lossText(one))}`);
}

function recordedLines({ dependent }: Recording): readonly string[] {
  const how =
    "Recorded: the down decides by what it reads. It was run on scratch copies with different rows; what stands here it sent on each.";
  if (dependent.length === 0) return [how];
  return [
    how,
    "It is not whole, and refuses until it is told to run: this the down does by the rows that it reads, and it is left out here:",
    ...dependent.map((sql) => `  ${oneLine(sql)}`),
  ];
}

/** What does only a part of the way back asks before it begins. */
function wholeness({ id }: Change, dynamic: Recording | null): readonly string[] {
  const count = dynamic?.dependent.length ?? 0;
  if (count === 0) return [];
  return [
    "  IF lower(coalesce(current_setting('belay.accept_loss', true), '')) NOT IN ('on', 'true', 'yes', '1') THEN",
    `    RAISE EXCEPTION 'Belay: the way back of % is not whole: its down decides by the rows that it reads, and what it does by them is left out (%). Nothing was touched.', ${quoteLiteral(id)}, ${count}`,
    `      USING HINT = ${quoteLiteral(`The head of the file names it. To run what is sealed all the same, and do the rest by hand: SET belay.accept_loss = on; or PGOPTIONS="-c belay.accept_loss=on" psql ...`)};`,
    "  END IF;",
  ];
}

function settings(change: Change, searchPath: string): string {
  return [
    "SET client_encoding = 'UTF8';",
    "SET client_min_messages = notice;",
    `SET application_name = ${quoteLiteral(`belay/artifact/${change.version}`)};`,
    `SET search_path = ${searchPath};`,
    ...pinnedSettings.map((setting) => `SET ${setting};`),
    budget,
    `SET belay.reverting = '${refused}';`,
    perform(withoutTimeouts),
  ].join("\n");
}

function guard(change: Change, sections: readonly Section[], dynamic: Recording | null): string {
  const begin = `belay.begin_revert(${quoteLiteral(change.id)}, ${quoteLiteral(change.digest)}, ${sections.length}, ${isBracketed(sections)})`;
  return block([
    "BEGIN",
    "  IF to_regclass('belay.journal') IS NULL THEN",
    `    RAISE EXCEPTION 'Belay: % is not applied in database "%": Belay has no ledger there. Nothing was touched.', ${quoteLiteral(change.id)}, current_database();`,
    "  END IF;",
    ...wholeness(change, dynamic),
    ...alreadyGuard(begin, sections),
    "END",
  ]);
}

/** A statement that runs outside a transaction and cannot be skipped by name makes the second run an error, which says why. */
function alreadyGuard(begin: string, sections: readonly Section[]): readonly string[] {
  const unskippable = sections.some((s) => s.transaction === "outside" && s.steps.some((step) => !isSkippable(step)));
  if (!unskippable) return [`  PERFORM ${begin};`];
  return [
    `  IF ${begin} = 'already' THEN`,
    "    RAISE EXCEPTION 'Belay: it was already taken back. Nothing was touched.';",
    "  END IF;",
  ];
}

function inside(section: Section, place: Place): string {
  const { change, index, count } = place;
  return block([
    "DECLARE",
    "  tries integer := 0;",
    ...(section.steps.some((step) => roleOf(step) !== null) ? ["  own_role text := current_setting('role');"] : []),
    `  give_up_at timestamptz := clock_timestamp() + interval '${lockPatienceSeconds} seconds';`,
    "BEGIN",
    `  IF NOT belay.todo(${quoteLiteral(change.id)}, ${index}) THEN RETURN; END IF;`,
    "  LOOP",
    "    BEGIN",
    ...locked(section),
    ...section.steps.flatMap((step) => executed(step, change)),
    "      EXIT;",
    "    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN",
    "      IF clock_timestamp() > give_up_at THEN RAISE; END IF;",
    "      tries := tries + 1;",
    "      PERFORM pg_sleep((0.5 + random()) * least(1, 0.05 * 2 ^ least(tries, 10)));",
    "    END;",
    "  END LOOP;",
    `  PERFORM belay.end_section(${quoteLiteral(change.id)}, ${index}, ${count}, ${quoteLiteral(change.digest)});`,
    "END",
  ]);
}

/**
 * A block that is not within a transaction may commit (manual, 43.8, "Transaction Management"): it does so after each batch. Where rows are locked, it tries
 * again with fewer.
 */
function batched(section: Section, place: Place): string {
  const { change, index, count } = place;
  const [step] = section.steps;
  if (step?.batch === undefined) return "";
  const where = `${quoteLiteral(change.id)}, 'down', ${index}, batch`;
  const who = "NULL, belay.operator()";
  return block([
    "DECLARE",
    `  batch jsonb := ${quoteLiteral(JSON.stringify(step.batch))};`,
    `  give_up_at timestamptz := clock_timestamp() + interval '${lockPatienceSeconds} seconds';`,
    `  size integer := ${firstBatch};`,
    "  done boolean;",
    "  took float8;",
    "  about_rows float8;",
    "BEGIN",
    `  IF NOT belay.todo(${quoteLiteral(change.id)}, ${index}) THEN RETURN; END IF;`,
    ...(step.unless === undefined
      ? []
      : [
          `  IF ${cameBack(step.unless, change)} THEN`,
          `    PERFORM belay.end_section(${quoteLiteral(change.id)}, ${index}, ${count}, ${quoteLiteral(change.digest)});`,
          "    RETURN;",
          "  END IF;",
        ]),
    `  SELECT about INTO about_rows FROM belay.begin_batches(${where}, NULL, ${who});`,
    "  COMMIT;",
    "  LOOP",
    "    BEGIN",
    `      SELECT finished, took_ms INTO done, took FROM belay.run_batch(${where}, size, ${who});`,
    "      size := belay.next_batch_size(size, took, about_rows);",
    `      give_up_at := clock_timestamp() + interval '${lockPatienceSeconds} seconds';`,
    "    EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure THEN",
    "      IF clock_timestamp() > give_up_at THEN RAISE; END IF;",
    "      done := NULL;",
    `      size := greatest(${smallestBatch}, size / 4);`,
    "    END;",
    "    COMMIT;",
    "    EXIT WHEN done;",
    "    IF done IS NULL THEN PERFORM pg_sleep(0.1 + random() * 0.4); END IF;",
    "  END LOOP;",
    `  PERFORM belay.end_section(${quoteLiteral(change.id)}, ${index}, ${count}, ${quoteLiteral(change.digest)});`,
    "END",
  ]);
}

/** All locks of the section, before its first statement. */
function locked(section: Section): readonly string[] {
  const { locks, removes } = wantedLocks(section.steps);
  if (locks.length === 0) return [];
  const keys = removes.map(quoteLiteral).join(", ");
  return [
    `      PERFORM belay.try_locks(${quoteLiteral(JSON.stringify(locks))}, ARRAY[${keys}]::text[], tries, ${lockTimeoutMs});`,
  ];
}

function executed(step: Step, change: Change): readonly string[] {
  const execute = inRole(step);
  const needless = [
    ...step.removes.map((key) => `belay.met(${quoteLiteral(change.id)}, ${quoteLiteral(key)})`),
    ...(step.unless === undefined ? [] : [cameBack(step.unless, change)]),
  ];
  if (needless.length === 0) return execute.map((line) => `      ${line}`);
  return [`      IF NOT (${needless.join(" OR ")}) THEN`, ...execute.map((line) => `        ${line}`), "      END IF;"];
}

/** Under the author's role, and after that under the person's own again. */
function inRole(step: Step): readonly string[] {
  const role = roleOf(step);
  const execute = `EXECUTE ${quoteLiteral(step.sql)};`;
  if (role === null) return [execute];
  const set = `EXECUTE ${quoteLiteral(`SET LOCAL ROLE ${quoteIdentifier(role)}`)};`;
  return [set, execute, "PERFORM set_config('role', own_role, true);"];
}

function cameBack(keys: readonly string[], { id }: Change): string {
  return `belay.came_back(${quoteLiteral(id)}, ARRAY[${keys.map(quoteLiteral).join(", ")}]::text[])`;
}

function hidesColumns(sections: readonly Section[]): boolean {
  return sections.some(({ steps }) =>
    steps.some(({ purpose, removes }) => purpose === "hide" && removes.some((key) => key.startsWith("column "))),
  );
}

/** The way back is over by then: the values of the columns that it hid move to tables of their own, and the columns go. */
function settling({ id }: Change): string {
  return block([
    "BEGIN",
    `  IF current_setting('belay.reverting') <> '${refused}' AND to_regproc('belay.settle') IS NOT NULL THEN CALL belay.settle(${quoteLiteral(id)}); END IF;`,
    "END",
  ]);
}

function irreversible(change: Change): string {
  return block([
    "BEGIN",
    `  RAISE EXCEPTION 'Belay: % cannot be taken back: %', ${quoteLiteral(change.id)}, ${quoteLiteral(change.directives.irreversible ?? "")};`,
    "END",
  ]);
}

function asRole(step: Step): string {
  const role = roleOf(step);
  return role === null ? "" : `  [as ${oneLine(role)}]`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
