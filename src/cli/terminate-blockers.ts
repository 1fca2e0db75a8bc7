import { parseDuration } from "../system/duration.js";
import type { Project } from "../system/project/project.js";

/** The flag of the commands that wait for locks. */
export const terminateBlockersFlag = {
  "terminate-blockers": {
    type: "string",
    describe: "end sessions that block a lock with a transaction of at least this age, such as 10m; each is named",
  },
} as const;

export interface TerminateBlockersFlag {
  readonly "terminate-blockers"?: string | undefined;
}

/** The project, with the person's leave to end who stands in the way. */
export function endingBlockers(project: Project, flags: TerminateBlockersFlag): Project {
  const age = flags["terminate-blockers"];
  if (age === undefined) return project;
  const { config } = project;
  const lock = { ...config.policy.lock, terminateOlderThanMs: parseDuration(age) };
  return { ...project, config: { ...config, policy: { ...config.policy, lock } } };
}
