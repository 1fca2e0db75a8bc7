import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { BelayError, messageOf } from "../errors.js";
import type { Application } from "./application.js";
import { tellBeginning } from "./chapters.js";
import { listenForInterrupt, type Interrupt } from "./interrupt.js";
import { openNarrator, type Narrator } from "./narrator.js";
import { tellOwnStory } from "./own-story.js";
import { openPlayground, repository } from "./playground.js";
import { tellReportStory } from "./report-story.js";
import { belayIn, storyEnvironment } from "./run-belay.js";

/** The newcomer's tour: `npm start`, or `npm start -- <report.md>`. Its exit code is 0 when everything went as it tells. */
async function main(given: string | undefined): Promise<number> {
  process.env = storyEnvironment();
  const narrator = openNarrator();
  const interrupt = listenForInterrupt();
  try {
    const report = given === undefined ? join(repository, "proposals/ai-model.md") : found(given);
    return await tell(narrator, interrupt, report, given === undefined);
  } catch (thrown) {
    return explain(narrator, interrupt, thrown);
  } finally {
    interrupt.stop();
  }
}

async function tell(narrator: Narrator, interrupt: Interrupt, report: string, isOwn: boolean): Promise<number> {
  const startedAt = performance.now();
  narrator.step("A sandbox");
  const playground = await openPlayground(report, (note) => narrator.line(narrator.paint.dim(`${note} …`)));
  let application: Application | null = null;
  let code = 0;
  try {
    interrupt.check();
    const belay = belayIn(playground.directory, narrator, interrupt);
    application = await tellBeginning(narrator, playground, belay);
    const story = { narrator, playground, application, belay, report: playground.report };
    if (isOwn) await tellOwnStory(story);
    else code = await tellReportStory(story);
    interrupt.check();
  } finally {
    if (interrupt.signal.aborted) narrator.line(narrator.paint.warn("Clearing up …"));
    await application?.stop();
    await playground.close();
  }
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  narrator.line(narrator.paint.dim(`${seconds} s; the server is stopped, and its folder is gone.`));
  return code;
}

/** Under npm the folder where it was called is another than the one where the story runs. */
function found(given: string): string {
  const { INIT_CWD } = process.env;
  const candidates = [...(INIT_CWD === undefined ? [] : [resolve(INIT_CWD, given)]), resolve(given)];
  const report = candidates.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
  if (report !== undefined) return report;
  throw new BelayError("usage", "report-missing", `There is no report ${given}.`, {
    hint: "Name a report in Markdown: npm start -- ../some/report.md",
  });
}

function explain(narrator: Narrator, interrupt: Interrupt, thrown: unknown): number {
  const { paint } = narrator;
  if (interrupt.signal.aborted) {
    narrator.line(paint.warn("Interrupted. The server is stopped, and its folder is gone."));
    return 130;
  }
  narrator.line(`${paint.bad("The story stops:")} ${messageOf(thrown)}`);
  if (thrown instanceof BelayError && thrown.hint !== undefined) narrator.line(thrown.hint);
  if (!(thrown instanceof BelayError)) narrator.line(String(thrown instanceof Error ? thrown.stack : thrown));
  return thrown instanceof BelayError && thrown.kind === "usage" ? 2 : 1;
}

process.exitCode = await main(process.argv[2]);
