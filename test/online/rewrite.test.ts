import { describe, expect, it } from "vitest";
import { rewriteOnline, type OnlineContext } from "../../src/plan/online/rewrite-online.js";
import { parseStatements } from "../../src/sql/parse.js";

async function rewritten(
  sql: string,
  transaction: OnlineContext["transaction"] = "on",
  half: OnlineContext["half"] = "up",
): Promise<readonly string[]> {
  const { statements } = await rewriteOnline(await parseStatements(sql, "x.up.sql"), {
    home: "public",
    transaction,
    half,
  });
  return statements.map(({ text }) => text);
}

const long = "n".repeat(40);

describe("plain DDL is put in its online form", () => {
  it.each<readonly [string, readonly string[]]>([
    ["CREATE INDEX i ON t (a)", ["CREATE INDEX CONCURRENTLY i ON t (a)"]],
    ["create unique index if not exists I on app.\"T t\" (a)", ["create unique index concurrently if not exists I on app.\"T t\" (a)"]],
    ["CREATE /* soon */ INDEX -- which\n ON t (a) WHERE a > 0", ["CREATE /* soon */ INDEX CONCURRENTLY t_a_idx -- which\n ON t (a) WHERE a > 0"]],
    ["CREATE INDEX ON t (lower(a), (b + 1), (c::text), c, c) INCLUDE (d)", ["CREATE INDEX CONCURRENTLY t_lower_expr_c_c1_c2_d_idx ON t (lower(a), (b + 1), (c::text), c, c) INCLUDE (d)"]],
    ["ALTER TABLE t ADD CHECK (a > 0)", ["ALTER TABLE t ADD CONSTRAINT t_a_check CHECK (a > 0) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT t_a_check"]],
    ["ALTER TABLE t ADD CHECK (t.a > b)", ["ALTER TABLE t ADD CONSTRAINT t_check CHECK (t.a > b) NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT t_check"]],
    [
      "alter table if exists app.t * add constraint \"Ü x\" foreign key (a, b) references p on delete cascade deferrable initially deferred",
      [
        "alter table if exists app.t * ADD CONSTRAINT \"Ü x\" foreign key (a, b) references p on delete cascade deferrable initially deferred NOT VALID",
        "alter table if exists app.t * VALIDATE CONSTRAINT \"Ü x\"",
      ],
    ],
    ["ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES p", ["ALTER TABLE t ADD CONSTRAINT t_a_b_fkey FOREIGN KEY (a, b) REFERENCES p NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT t_a_b_fkey"]],
    ["ALTER TABLE t ADD CONSTRAINT n NOT NULL a", ["ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID", "ALTER TABLE t VALIDATE CONSTRAINT n"]],
    [
      "ALTER TABLE t ALTER \"É\" SET NOT NULL",
      [
        "ALTER TABLE t ADD CONSTRAINT \"t_É_belay_not_null\" CHECK (\"É\" IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT \"t_É_belay_not_null\"",
        "ALTER TABLE t ALTER \"É\" SET NOT NULL",
        "ALTER TABLE t DROP CONSTRAINT \"t_É_belay_not_null\"",
      ],
    ],
    [
      "ALTER TABLE ONLY t ALTER COLUMN a SET NOT NULL",
      [
        "ALTER TABLE ONLY t ADD CONSTRAINT t_a_belay_not_null CHECK (a IS NOT NULL) NO INHERIT NOT VALID",
        "ALTER TABLE ONLY t VALIDATE CONSTRAINT t_a_belay_not_null",
        "ALTER TABLE ONLY t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE ONLY t DROP CONSTRAINT t_a_belay_not_null",
      ],
    ],
    [
      "ALTER TABLE ONLY app.t ADD UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (c) WITH (fillfactor = 70) USING INDEX TABLESPACE fast DEFERRABLE INITIALLY DEFERRED",
      [
        "CREATE UNIQUE INDEX CONCURRENTLY t_a_b_c_key ON app.t (a, b) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = 70) TABLESPACE fast",
        "ALTER TABLE ONLY app.t ADD CONSTRAINT t_a_b_c_key UNIQUE USING INDEX t_a_b_c_key DEFERRABLE INITIALLY DEFERRED",
      ],
    ],
    [
      "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a)",
      [
        "ALTER TABLE t ADD CONSTRAINT t_a_belay_not_null CHECK (a IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT t_a_belay_not_null",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t DROP CONSTRAINT t_a_belay_not_null",
        "CREATE UNIQUE INDEX CONCURRENTLY k ON t (a)",
        "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX k",
      ],
    ],
    [
      "ALTER TABLE t ADD COLUMN c int COLLATE x CONSTRAINT k CHECK (c > 0) NO INHERIT REFERENCES p (id) DEFERRABLE UNIQUE /* why */ NOT NULL DEFAULT 5",
      [
        "ALTER TABLE t ADD COLUMN c int COLLATE x NOT NULL DEFAULT 5",
        "CREATE UNIQUE INDEX CONCURRENTLY t_c_key ON t (c)",
        "ALTER TABLE t ADD CONSTRAINT t_c_key UNIQUE USING INDEX t_c_key",
        "ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0) NO INHERIT NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT t_c_fkey FOREIGN KEY (c) REFERENCES p (id) DEFERRABLE NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT k",
        "ALTER TABLE t VALIDATE CONSTRAINT t_c_fkey",
      ],
    ],
    [
      "ALTER TABLE t ADD COLUMN id bigserial PRIMARY KEY",
      [
        "ALTER TABLE t ADD COLUMN id bigserial",
        "CREATE UNIQUE INDEX CONCURRENTLY t_pkey ON t (id)",
        "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_pkey",
      ],
    ],
    ["REINDEX (VERBOSE) TABLE t; reindex index app.i", ["REINDEX (VERBOSE) TABLE CONCURRENTLY t", "reindex index concurrently app.i"]],
  ])("%s", async (plain, online) => {
    expect(await rewritten(plain)).toEqual(online);
  }); // prettier-ignore

  it("gives what has no name the one that PostgreSQL would choose, cut to 63 bytes and never within a character", async () => {
    expect(await rewritten(`ALTER TABLE ${long} ADD UNIQUE ("${"é".repeat(20)}", b)`)).toEqual([
      `CREATE UNIQUE INDEX CONCURRENTLY "nnnnnnnnnnnnnnnnnnnnnnnnnnnnn_${"é".repeat(14)}_key" ON ${long} ("${"é".repeat(20)}", b)`,
      expect.stringContaining(`ADD CONSTRAINT "nnnnnnnnnnnnnnnnnnnnnnnnnnnnn_${"é".repeat(14)}_key" UNIQUE USING INDEX`),
    ]);
    const twice = await rewritten("ALTER TABLE t ADD CHECK (a > 0), ADD CHECK (a < 9); CREATE INDEX ON t (b); CREATE INDEX ON t (b DESC)");
    expect(twice.flatMap((text) => /(?:CONSTRAINT|CONCURRENTLY) (\w+)/.exec(text)?.[1] ?? [])).toEqual([
      "t_a_check",
      "t_a_check1",
      "t_a_check",
      "t_a_check1",
      "t_b_idx",
      "t_b_idx1",
    ]);
  }); // prettier-ignore

  it("lets one statement do one thing that takes long, in the order in which PostgreSQL runs them; neighbours that need nothing stay together", async () => {
    const plain = `ALTER TABLE app."T" ALTER c SET DEFAULT 3, ADD CHECK (c > 0), ADD COLUMN d int, SET (fillfactor = 70), ADD COLUMN e int,
      VALIDATE CONSTRAINT other, DROP COLUMN f, ALTER d SET NOT NULL, DROP CONSTRAINT g`;
    expect(await rewritten(plain)).toEqual([
      'ALTER TABLE app."T" DROP COLUMN f, DROP CONSTRAINT g, ADD COLUMN d int, ADD COLUMN e int',
      'ALTER TABLE app."T" ADD CONSTRAINT "T_d_belay_not_null" CHECK (d IS NOT NULL) NOT VALID',
      'ALTER TABLE app."T" VALIDATE CONSTRAINT "T_d_belay_not_null"',
      'ALTER TABLE app."T" ALTER d SET NOT NULL',
      'ALTER TABLE app."T" DROP CONSTRAINT "T_d_belay_not_null"',
      'ALTER TABLE app."T" ALTER c SET DEFAULT 3',
      'ALTER TABLE app."T" ADD CONSTRAINT "T_c_check" CHECK (c > 0) NOT VALID',
      'ALTER TABLE app."T" SET (fillfactor = 70)',
      'ALTER TABLE app."T" VALIDATE CONSTRAINT other',
      'ALTER TABLE app."T" VALIDATE CONSTRAINT "T_c_check"',
    ]);
  });

  it("builds what takes the place of an index before that goes, so that there is no moment without one", async () => {
    expect(await rewritten("ALTER TABLE t ADD COLUMN b int; COMMENT ON TABLE t IS 'x'; ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a)")).toEqual([
      "ALTER TABLE t ADD COLUMN b int",
      "COMMENT ON TABLE t IS 'x'",
      "ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a)",
    ]);
    expect(await rewritten("COMMENT ON TABLE t IS 'x'; ALTER TABLE t DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (a)")).toEqual([
      "CREATE UNIQUE INDEX CONCURRENTLY u_belay ON t (a)",
      "COMMENT ON TABLE t IS 'x'",
      "ALTER TABLE t DROP CONSTRAINT u",
      "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u_belay",
    ]);
    expect(await rewritten("DROP INDEX app.i; CREATE INDEX i ON app.t (a)")).toEqual([
      "CREATE INDEX CONCURRENTLY i_belay ON app.t (a)",
      "DROP INDEX app.i",
      "ALTER INDEX app.i_belay RENAME TO i",
    ]);
    expect(await rewritten("DROP INDEX i; CREATE INDEX j ON t (a)")).toEqual([
      "CREATE INDEX CONCURRENTLY j ON t (a)",
      "DROP INDEX i",
    ]);
  }); // prettier-ignore

  it("gives nothing a name in passing on a way back, whose file skips by the name that stays", async () => {
    for (const same of [["DROP INDEX i", "CREATE INDEX i ON t (a)"], ["ALTER TABLE t DROP CONSTRAINT u", "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)"]])
      expect(await rewritten(same.join("; "), "on", "down")).toEqual(same);
    expect(await rewritten("ALTER TABLE t DROP CONSTRAINT u; ALTER TABLE t ADD CONSTRAINT v UNIQUE (a)", "on", "down")).toEqual([
      "CREATE UNIQUE INDEX CONCURRENTLY v ON t (a)",
      "ALTER TABLE t DROP CONSTRAINT u",
      "ALTER TABLE t ADD CONSTRAINT v UNIQUE USING INDEX v",
    ]);
  }); // prettier-ignore

  it("says what the author wrote, why, and where it stands in the file", async () => {
    const text = "-- belay:title x\n\n  CREATE INDEX i ON t (a);\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);";
    const { statements } = await rewriteOnline(await parseStatements(text), {
      home: "public",
      transaction: "on",
      half: "up",
    });
    expect(statements.map(({ line, column, origin }) => ({ line, column, of: origin?.text }))).toEqual([
      { line: 3, column: 3, of: "CREATE INDEX i ON t (a)" },
      { line: 4, column: 1, of: "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)" },
      { line: 4, column: 1, of: "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)" },
    ]);
    expect(statements.every(({ origin }) => (origin?.why ?? "").length > 20)).toBe(true);
  });
});

describe("what is best as it is stays as it is", () => {
  it.each([
    "CREATE INDEX CONCURRENTLY i ON t (a)",
    "CREATE INDEX i ON ONLY t (a)",
    "DROP INDEX i",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT ENFORCED",
    "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i",
    "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a, b WITHOUT OVERLAPS)",
    "ALTER TABLE t ADD CONSTRAINT k EXCLUDE USING gist (a WITH &&)",
    "ALTER TABLE t ADD CHECK (t IS NOT NULL)",
    "ALTER TABLE IF EXISTS t ADD CONSTRAINT k UNIQUE (a)",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS a int CHECK (a > 0)",
    "ALTER TABLE t ADD COLUMN a int REFERENCES p, ADD COLUMN b int NOT NULL DEFAULT 1",
    "ALTER TABLE t ALTER a TYPE int USING b::int, DROP COLUMN b, ADD CHECK (a > 0)",
    "ALTER TABLE t DETACH PARTITION p",
    "REINDEX SCHEMA app",
    "REINDEX TABLE CONCURRENTLY t",
    "REFRESH MATERIALIZED VIEW m",
    "CREATE INDEX i ON pg_temp.t (a)",
    "ALTER FOREIGN TABLE t ADD CONSTRAINT c CHECK (a > 0)",
    "DELETE FROM t; DROP INDEX i; CREATE UNIQUE INDEX i ON t (a)",
  ])("%s", async (plain) => {
    expect(await rewritten(plain)).toEqual(plain.split("; "));
  });

  it("is told so by -- belay:as-written before it, with a reason or without, and what that gives away is known", async () => {
    const text = "-- belay:as-written it is small\nCREATE INDEX i ON t (a);\n-- belay:as-written\nDROP INDEX j;";
    const { statements, asWritten } = await rewriteOnline(await parseStatements(text), {
      home: "public",
      transaction: "on",
      half: "up",
    });
    expect(statements.map((one) => one.text)).toEqual(["CREATE INDEX i ON t (a)", "DROP INDEX j"]);
    expect(asWritten.map(({ statement: { line }, why }) => [line, why])).toEqual([
      [2, expect.stringContaining("nobody can write")],
    ]);
  });

  it("is a table that the same transaction makes: nobody sees it yet. That ends where it commits, and where the table may have been met", async () => {
    const made = ["CREATE TABLE n (a int)", "CREATE INDEX i ON n (a)", "ALTER TABLE n ADD UNIQUE (a)"];
    expect(await rewritten(made.join("; "))).toEqual(made);
    const renamed = ["CREATE TABLE n (a int)", "ALTER TABLE n RENAME TO m", "CREATE INDEX i ON m (a)"];
    expect(await rewritten(renamed.join("; "))).toEqual(renamed);
    expect(await rewritten("ALTER TABLE old RENAME TO m; CREATE INDEX i ON m (a)")).toContain(
      "CREATE INDEX CONCURRENTLY i ON m (a)",
    );
    const online = "CREATE INDEX CONCURRENTLY i ON n (a)";
    expect(await rewritten("CREATE TABLE n (a int); VACUUM t; CREATE INDEX i ON n (a)")).toContain(online);
    expect(await rewritten("CREATE TABLE n (a int); CREATE INDEX i ON n (a)", "off")).toContain(online);
    expect(await rewritten("CREATE TABLE IF NOT EXISTS n (a int); CREATE INDEX i ON n (a)")).toContain(online);
    const temporary = ["CREATE TEMP TABLE n (a int)", "VACUUM t", "CREATE INDEX i ON n (a)"];
    expect(await rewritten(temporary.join("; "))).toEqual(temporary);
    const partitioned = ["CREATE TABLE n (a int) PARTITION BY RANGE (a)", "VACUUM t", "CREATE INDEX i ON n (a)"];
    expect(await rewritten(partitioned.join("; "))).toEqual(partitioned);
  });
});
