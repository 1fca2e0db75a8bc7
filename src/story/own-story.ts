import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pairsText, stagesText, tellProposal, tellRehearsal, tellRollout } from "./chapters.js";
import { expectBelay, expectCode, sayTraffic, type Story } from "./story.js";

const tooStrict = "20260102090000_priority_in_range";

/** Steps 2 to 7 with the repository's own report. */
export async function tellOwnStory(story: Story): Promise<void> {
  expectCode(await tellProposal(story), 0, "propose");
  story.narrator.say(pairsText);
  expectCode(await tellRehearsal(story), 0, "rehearse");
  story.narrator.step("Out it goes, stage by stage");
  story.narrator.say(stagesText);
  expectCode(await tellRollout(story), 0, "rollout");
  story.narrator.say("A new release of the application starts now: it stores the model of every task in ai_model.");
  story.application.release(true);
  await tellBreakage(story);
  await tellRevert(story);
  tellEnd(story);
}

async function tellBreakage(story: Story): Promise<void> {
  const { narrator, belay, playground } = story;
  narrator.step("A change that breaks the application");
  narrator.say(
    "The next change looks harmless: a priority shall lie between 0 and 9. Staging has no other tasks. In production some are urgent and have the priority 10, and nobody has thought of them. No rehearsal can know that either, for no application writes to a scratch copy.",
  );
  for (const [file, text] of Object.entries(tooStrictPair)) {
    await writeFile(join(playground.directory, "migrations", file), text);
    narrator.line(narrator.paint.dim(`migrations/${file}`));
    for (const line of text.trimEnd().split("\n")) narrator.line(`  ${line}`);
  }
  narrator.line("");
  await expectBelay(belay, 0, "build", tooStrict);
  await expectBelay(belay, 0, "rehearse", tooStrict);
  expectCode(await tellRollout(story), 4, "rollout");
  narrator.say(
    "Exit code 4: failed, rolled back, and proved to be back. The gate after production turned red, so Belay took the change back with the artifacts that it had sealed before it began, in production and in staging, and then compared the whole catalog of both with the one before.",
  );
}

const tooStrictPair = {
  [`${tooStrict}.up.sql`]: `-- belay:title PriorityInRange
ALTER TABLE execution_tasks ADD CONSTRAINT priority_in_range CHECK (priority BETWEEN 0 AND 9) NOT VALID;
`,
  [`${tooStrict}.down.sql`]: "ALTER TABLE execution_tasks DROP CONSTRAINT priority_in_range;\n",
};

async function tellRevert(story: Story): Promise<void> {
  const { narrator, belay } = story;
  narrator.step("Three in the morning");
  narrator.say(
    "The report's two changes are still live, and the column has values in it by now. Suppose that they must go. The application returns to its old release, and one command takes back the column and, before it, the index that requires it:",
  );
  story.application.release(false);
  await story.application.traffic();
  await expectBelay(belay, 0, "revert", "AddAiModelToExecutionTasks", "--yes");
  await sayTraffic(story);
  narrator.say("The values are not lost: they are kept, and the ledger knows where. So it stands:");
  await expectBelay(belay, 0, "status");
}

function tellEnd({ narrator }: Story): void {
  const { line, paint } = narrator;
  narrator.step("That was Belay");
  for (const text of [
    "a report became pairs, and what it asks for in prose was listed, not dropped",
    "every way back was compiled, sealed and rehearsed before the way there could run",
    "two changes went through two stages under load, and the application never stalled",
    "a third one broke production: taken back everywhere, proved, exit code 4",
    "one command took back the rest, proved, without losing a value",
  ])
    line(`  ${paint.good("✓")} ${text}`);
  line("");
  line("Where to go next:");
  for (const [what, why] of [
    ["README.md", "the same as a page to read, and the three people whose work this is"],
    ["npm start -- <report.md>", "the story with a report of your own"],
    ["npm run belay -- --help", "all commands; they work on this folder's belay.config.ts"],
    ["rollbacks/*.sql", "the ways back: psql alone can run them"],
  ] as const)
    line(`  ${paint.accent(what.padEnd(26))} ${why}`);
  line("");
}
