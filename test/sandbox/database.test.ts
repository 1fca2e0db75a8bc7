import { expect, test } from "vitest";
import { freshDatabase } from "../support/database.js";

test("a fresh database is empty, alone, and gone when it was dropped", async () => {
  const [one, two] = await Promise.all([freshDatabase("odd Name %"), freshDatabase("odd Name %")]);
  await one.query("CREATE TABLE only_here (id int)");
  expect(await one.query("SELECT current_database() AS name")).toEqual([{ name: one.name }]);
  expect(await two.query("SELECT to_regclass('only_here') AS table")).toEqual([{ table: null }]);
  await one.drop();
  expect(await two.query("SELECT FROM pg_database WHERE datname = $1", [one.name])).toEqual([]);
  await two.drop();
});
