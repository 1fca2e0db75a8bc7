import { loadProject } from "../system/project/project.js";
import { pairsText, stagesText, tellProposal, tellRehearsal, tellRollout } from "./chapters.js";
import type { Change } from "../change/change.js";
import { firstChange } from "./playground.js";
import { expectBelay, sayTraffic, type Story } from "./story.js";

/** Steps 2 to 4 and 6 with a person's own report. Gives the exit code of the story. */
export async function tellReportStory(story: Story): Promise<number> {
  const { narrator } = story;
  const proposed = await tellProposal(story);
  if (proposed !== 0) {
    narrator.say("Belay cannot use this report as it stands, and has written nothing.");
    return proposed;
  }
  const changes = await proposedChanges(story);
  if (changes.length === 0) {
    narrator.say("The report asks for nothing that a database can do: there is nothing to rehearse or to roll out.");
    return 0;
  }
  narrator.say(pairsText);
  const rehearsed = await tellRehearsal(story);
  if (rehearsed !== 0) return tellFailedRehearsal(story, rehearsed);
  if (changes.some(({ directives }) => directives.blocked !== null)) return tellBlocked(story);
  const irreversible = changes.filter(({ directives }) => directives.irreversible !== null);
  const rolledOut = irreversible.length === 0 ? await tellStages(story) : await tellAcceptedLoss(story, irreversible);
  if (rolledOut !== 0) return tellFailedRollout(story, rolledOut);
  await tellWayBack(story, changes);
  narrator.step("That was your report");
  narrator.say("The playground is gone in a moment. README.md says how to do the same with your own databases.");
  return 0;
}

async function proposedChanges({ playground }: Story): Promise<readonly Change[]> {
  const { changes } = await loadProject({ directory: playground.directory });
  return changes.filter(({ id }) => id !== firstChange);
}

function tellFailedRehearsal({ narrator }: Story, code: number): number {
  narrator.say(
    "The rehearsal failed, and with that the story ends: a rollout would be refused. Most often a report speaks of a table or column that this playground does not have; its one table is execution_tasks. Nothing has touched staging or production.",
  );
  return code;
}

async function tellBlocked({ narrator, belay }: Story): Promise<number> {
  narrator.step("A report that may not run yet");
  narrator.say(
    "The report says block_execution: true. Its pairs are there for review, and proven, but a rollout refuses:",
  );
  await expectBelay(belay, 3, "rollout", "--yes");
  narrator.say(
    "Exit code 3: refused before anything was touched. When the report no longer blocks, propose is run on it again, and the same changes may go.",
  );
  return 0;
}

async function tellStages(story: Story): Promise<number> {
  story.narrator.step("Out it goes, stage by stage");
  story.narrator.say(stagesText);
  return tellRollout(story);
}

function tellFailedRollout({ narrator }: Story, code: number): number {
  const meaning =
    code === 4
      ? "Exit code 4: failed, rolled back, and proved to be back. Both databases are as they were before this report."
      : `Exit code ${code}: README.md says what it means, and the lines above what to do next.`;
  narrator.say(`${meaning} The story of this report ends here.`);
  return code;
}

/** A change without a way back needs the word said twice: in its file, where it stands, and on the command line. */
async function tellAcceptedLoss(story: Story, irreversible: readonly Change[]): Promise<number> {
  const { narrator, belay } = story;
  narrator.step("Changes without a way back");
  narrator.say(
    `For ${listed(irreversible)} no way back could be derived, and the files say why. A rollout wants to hear the same from a person, or it refuses:`,
  );
  await expectBelay(belay, 3, "rollout", "--yes");
  narrator.say(
    "With your own data, this is where you would stop and think, or write the way back by hand. The tasks of this playground are made up, so the story says the word:",
  );
  return tellRollout(story, ...irreversible.flatMap(({ name }) => ["--accept-loss", name]));
}

async function tellWayBack(story: Story, changes: readonly Change[]): Promise<void> {
  const { narrator, belay } = story;
  const reversible = changes.filter(({ directives }) => directives.irreversible === null);
  const stays = changes.filter(({ directives }) => directives.irreversible !== null);
  narrator.step("And back");
  if (reversible.length === 0) {
    narrator.say("None of these changes has a way back: they stay.");
    return;
  }
  narrator.say(
    stays.length === 0
      ? "One command takes back all that came after the application's own table:"
      : `What has a way back is taken back; ${listed(stays)} stay.`,
  );
  await story.application.traffic();
  const names = stays.length === 0 ? ["--to", "CreateExecutionTasks"] : reversible.map(({ name }) => name);
  await expectBelay(belay, 0, "revert", ...names, "--yes");
  await sayTraffic(story);
}

function listed(changes: readonly Change[]): string {
  return changes.map(({ title }) => title).join(" and ");
}
