import { status } from "../rollout/status.js";
import { loadProject } from "../system/project/project.js";
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

/** Gives the exit code: not every report can be read. */
export async function tellProposal({ narrator, belay, report }: Story): Promise<number> {
  narrator.step("A report becomes pairs");
  narrator.say("Somebody has written down what should change. Belay reads the report:");
  const code = await belay("propose", report);
  if (code === 0)
    narrator.say(
      "Each change is a pair, the way there and the way back, and each way back is now a file in rollbacks/.",
    );
  return code;
}

/** Gives the exit code of the rehearsal: a report may ask for what cannot be done. */
export async function tellRehearsal({ narrator, belay }: Story): Promise<number> {
  narrator.step("The way back is proved first");
  narrator.say("On a scratch copy of staging: there, back, there again, then back with nothing but the file.");
  return belay("rehearse");
}

export const pairsText =
  "Each change is a pair, the way there and the way back, and each way back is now a file in rollbacks/.";

export const stagesText =
  "Staging first: gates, the changes, gates, a while of watching (the bake). Then production in the same way. Where a person would approve production, --yes does.";

/** Gives the exit code of the rollout, after what a person would have approved was approved. */
export async function tellRollout(story: Story, ...flags: readonly string[]): Promise<number> {
  await story.application.traffic();
  const code = await story.belay("rollout", "--yes", ...flags);
  const end = code === paused ? await tellApproval(story) : code;
  await sayTraffic(story);
  return end;
}

const paused = 6;

/** From a severity of 9 on, --yes is nobody's word: a person approves, from another terminal perhaps. */
async function tellApproval({ narrator, belay, playground }: Story): Promise<number> {
  const project = await loadProject({ directory: playground.directory });
  const waiting = (await status(project, { target: null })).rollouts.find(({ ended }) => ended === null);
  if (waiting === undefined || !waiting.plan.strictApproval) return paused;
  narrator.say("So severe a report wants a person's own word for production. Here the story speaks for that person:");
  await expectBelay(belay, 0, "approve", waiting.id);
  return belay("resume", waiting.id);
}
