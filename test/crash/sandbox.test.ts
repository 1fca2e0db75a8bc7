import { expect, onTestFinished, test } from "vitest";
import { openFolder } from "../../src/postgres/sandbox/folder.js";
import { findPostmaster } from "../../src/postgres/sandbox/postmaster.js";
import { acquireSandbox } from "../../src/postgres/sandbox/sandbox.js";
import { expectBelay, project, startBelay } from "../support/cli.js";
import { connect, until } from "../world/server.js";

test(
  "a sandbox server that is killed in the middle of a rollout is started again, and the rollout goes on",
  { timeout: 120_000 },
  async () => {
    const made = await project(
      {
        "migrations/20260101000100_one.up.sql": "CREATE TABLE one (id int);",
        "migrations/20260101000100_one.down.sql": "DROP TABLE one;",
      },
      { targets: [] },
    );
    await made.configure({
      targets: { staging: { url: "embedded:staging" }, production: { url: "embedded:production" } },
      stages: [
        { name: "staging", targets: ["staging"], bake: "3s" },
        { name: "production", targets: ["production"] },
      ],
      policy: { rehearsal: { required: false } },
    });
    await expectBelay(made.root, 0, ["build"]);
    const sandbox = await acquireSandbox({ projectDirectory: made.root });
    onTestFinished(() => sandbox.release());
    const { data } = await openFolder(made.root);
    const staging = await connect(await sandbox.ensureDatabase("staging"));
    const running = startBelay(made.root, ["rollout", "--yes"]);
    await until(async () => {
      const { rows } = await staging.query(
        "SELECT to_regclass('belay.journal') IS NOT NULL AND to_regclass('one') IS NOT NULL AS there",
      );
      return rows[0]?.there === true;
    });
    process.kill((await findPostmaster(data))?.pid ?? 0, "SIGKILL");
    expect(await running.result).toMatchObject({ exitCode: 0 });
    const { targets } = (await expectBelay(made.root, 0, ["status", "--json"])).json();
    expect(targets).toMatchObject([
      { applied: [{}], drift: [] },
      { applied: [{}], drift: [] },
    ]);
  },
);
