import { describe, expect, it } from "vitest";
import { built, pair } from "../cli/fixture.js";
import { expectBelay } from "../support/cli.js";

const id = "20260101000009_it";

describe("what an IF NOT EXISTS met", () => {
  it.each([
    [
      "a collation",
      `CREATE COLLATION simple (locale = 'C')`,
      `CREATE COLLATION IF NOT EXISTS simple (locale = 'C');`,
      "DROP COLLATION simple;",
      "SELECT FROM pg_collation WHERE collname = 'simple'",
    ],
    [
      "a server",
      "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far",
      "CREATE SERVER IF NOT EXISTS away FOREIGN DATA WRAPPER far;",
      "DROP SERVER away;",
      "SELECT FROM pg_foreign_server WHERE srvname = 'away'",
    ],
    [
      "a user mapping",
      "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far; CREATE USER MAPPING FOR PUBLIC SERVER away",
      "CREATE USER MAPPING IF NOT EXISTS FOR PUBLIC SERVER away;",
      "DROP USER MAPPING FOR PUBLIC SERVER away;",
      "SELECT FROM pg_user_mappings WHERE srvname = 'away'",
    ],
    [
      "a constraint of a table",
      "CREATE TABLE sizes (n int, CONSTRAINT positive CHECK (n > 0))",
      "CREATE TABLE IF NOT EXISTS sizes (n int, CONSTRAINT positive CHECK (n > 0));",
      "ALTER TABLE sizes DROP CONSTRAINT positive; DROP TABLE sizes;",
      "SELECT FROM pg_constraint WHERE conname = 'positive'",
    ],
  ])("stays where the change goes back: %s", async (_, schema, up, down, look) => {
    const made = await built(pair(id, up, down), { targets: ["main"], schema });
    await expectBelay(made, 0, ["rollout", "--yes"]);
    await expectBelay(made, 0, ["revert", "--last", "--yes"]);
    expect(await made.database("main").query(look)).toHaveLength(1);
  });
});
