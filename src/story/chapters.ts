import { fillTables, rowCount, startApplication, type Application } from "./application.js";
import type { Narrator } from "./narrator.js";
import { firstChange, type Playground } from "./playground.js";
import type { RunBelay } from "./run-belay.js";
import { expectBelay, sayTraffic, type Story } from "./story.js";

/** Step 1, after the sandbox runs: the application's table, its rows, and the application itself. */
export async function tellBeginning(narrator: Narrator, playground: Playground, belay: RunBelay): Promise<Application> {
  narrator.say(
    `A real PostgreSQL runs on port ${playground.sandbox.port}, with the databases staging and production. Everything below happens there and in ${playground.directory}, and both are gone at the end.`,
  );
  narrator.say(`The application's table is a change too, a knex migration in TypeScript:`);
  await expectBelay(belay, 0, "rehearse", "CreateExecutionTasks");
  await expectBelay(belay, 0, "rollout", "--to", firstChange, "--yes");
  await fillTables(playground.sandbox);
  narrator.say(
    `Each database now gets ${rowCount.toLocaleString("en")} tasks, and from here on an application keeps writing and reading in both, every few milliseconds. What the database refuses it, it notes down in task_errors.`,
  );
  return startApplication(playground.sandbox);
}

export async function tellProposal({ narrator, belay, report }: Story): Promise<void> {
  narrator.step("A report becomes pairs");
  narrator.say("Somebody has written down what should change. Belay reads the report:");
  await expectBelay(belay, 0, "propose", report);
  narrator.say("Each change is a pair, the way there and the way back, and each way back is now a file in rollbacks/.");
}

/** Gives the exit code of the rehearsal: a report may ask for what cannot be done. */
export async function tellRehearsal({ narrator, belay }: Story): Promise<number> {
  narrator.step("The way back is proved first");
  narrator.say("On a scratch copy of staging: there, back, there again, then back with nothing but the file.");
  return belay("rehearse");
}

export async function tellRollout(story: Story): Promise<void> {
  story.narrator.step("Out it goes, stage by stage");
  story.narrator.say(
    "Staging first: gates, the changes, gates, a while of watching (the bake). Then production in the same way. Where a person would approve production, --yes does.",
  );
  await story.application.traffic();
  await expectBelay(story.belay, 0, "rollout", "--yes");
  await sayTraffic(story);
}
