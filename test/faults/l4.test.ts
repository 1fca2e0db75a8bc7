import { describe, expect, it } from "vitest";
import { addRegion, appliedOn, built, region } from "../cli/fixture.js";
import { isUntouched, refusalOf, roll } from "./refusal.js";

describe("L4: an orphaned prepared transaction holds a table that a change touches", () => {
  it("is refused before anything is touched, with the statement that frees it", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    const database = made.database("main");
    const gid = `order's ${database.name}`;
    const quoted = database.client.escapeLiteral(gid);
    await database.query("BEGIN");
    await database.query("UPDATE tasks SET note = 'held' WHERE id = 1");
    await database.query(`PREPARE TRANSACTION ${quoted}`);
    try {
      const refusal = await refusalOf(made);
      expect(refusal).toMatchObject({ kind: "refused", code: "prepared-transaction" });
      expect(refusal.message).toContain(`tasks in ROW EXCLUSIVE`);
      expect(refusal.hint).toContain(`ROLLBACK PREPARED ${quoted};`);
      expect(await isUntouched(database)).toBe(true);
    } finally {
      await database.query(`ROLLBACK PREPARED ${quoted}`);
    }
    expect((await roll(made)).outcome).toBe("completed");
    expect(await appliedOn(database)).toEqual([region]);
  });

  it("is waited for a moment where it is young: whoever prepared it may be about to finish it", async () => {
    const made = await built(addRegion, { targets: ["main"] });
    const database = made.database("main");
    const quoted = database.client.escapeLiteral(`young ${database.name}`);
    await database.query("BEGIN");
    await database.query("UPDATE tasks SET note = 'held' WHERE id = 1");
    await database.query(`PREPARE TRANSACTION ${quoted}`);
    const told: string[] = [];
    const result = await roll(made, {
      report: (progress) => {
        if (progress.kind !== "note" || !progress.message.startsWith("waiting:")) return;
        if (told.push(progress.message) === 1) void database.query(`COMMIT PREPARED ${quoted}`);
      },
    });
    expect(told[0]).toContain(quoted);
    expect(result.outcome).toBe("completed");
  });

  it("that holds something else stands in nobody's way", async () => {
    const made = await built(addRegion, {
      targets: ["main"],
      schema: `CREATE TABLE tasks (id int); CREATE TABLE other (id int);`,
    });
    const database = made.database("main");
    const quoted = database.client.escapeLiteral(`other ${database.name}`);
    await database.query("BEGIN");
    await database.query("INSERT INTO other VALUES (1)");
    await database.query(`PREPARE TRANSACTION ${quoted}`);
    try {
      expect((await roll(made)).outcome).toBe("completed");
    } finally {
      await database.query(`ROLLBACK PREPARED ${quoted}`);
    }
  });
});
