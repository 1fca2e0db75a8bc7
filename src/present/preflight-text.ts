import type { PlannedTarget } from "../plan/rollout-plan.js";
import { sentenceOf, type Finding } from "../preflight/finding.js";
import { bytesText } from "../preflight/judge-activity.js";
import type { Paint } from "./paint.js";

/** What was seen on a target, and what to do. */
export function findingText(finding: Finding, paint: Paint): readonly string[] {
  const { severity, code, hint } = finding;
  const label = { refuse: paint.bad("refused"), warn: paint.warn("warning"), note: paint.dim("note   ") }[severity];
  const line = `  ${label} ${sentenceOf(finding)} ${paint.dim(`[${code}]`)}`;
  return hint === null ? [line] : [line, `          ${paint.accent("next")}  ${hint}`];
}

/** Which database each target is, and what the changes meet there. */
export function targetsText(targets: readonly PlannedTarget[], paint: Paint): readonly string[] {
  return targets.flatMap((target) => {
    const { systemIdentifier, database, serverVersion, role, superuser, searchPath, disk } = target;
    const server = `PostgreSQL ${serverVersion}, system ${systemIdentifier ?? "unknown (the role may not read it)"}, database ${database}`;
    const who = `role ${role}${superuser ? " (superuser)" : ""}, search_path ${searchPath.join(", ") || "empty"}`;
    return [
      `  ${target.target}: ${target.address}`,
      `    ${paint.dim(`${server}; ${who}`)}`,
      ...disk.map((need) => `    ${diskText(need, paint)}`),
    ];
  });
}

function diskText({ direction, place, neededBytes, freeBytes }: PlannedTarget["disk"][number], paint: Paint): string {
  const way = direction === "up" ? "up  " : "down";
  const free = freeBytes === null ? "how much is free cannot be seen from here" : `${bytesText(freeBytes)} is free`;
  return paint.dim(
    `${way} wants up to ${bytesText(neededBytes)} in ${place === "data directory" ? `the ${place}` : place}; ${free}`,
  );
}
