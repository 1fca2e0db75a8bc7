import { tmpdir } from "node:os";
import { sqlChange } from "../../../src/change/change.js";
import { parseHead } from "../../../src/change/directives.js";
import { requireChangeId } from "../../../src/change/change-id.js";
import { build, type Built } from "../../../src/postgres/build-plan.js";
import { readTarget } from "../../../src/postgres/ledger/reader.js";
import { keepCatalog, recordFingerprint } from "../../../src/postgres/ledger/record-catalog.js";
import { applyChange } from "../../../src/postgres/run/apply-change.js";
import { openTarget, type OpenTarget } from "../../../src/postgres/session/open-target.js";
import { preview, revertOn } from "../../../src/revert/revert-target.js";
import { defaultConfig } from "../../../src/system/config/parse-config.js";
import type { Case } from "./case.js";

const id = "20260101000000_change";
const { policy } = defaultConfig();
const patient = { ...policy, lock: { ...policy.lock, patienceMs: 5_000 } };
const silent = (): void => undefined;

/** Compiles the pair and seals its way back, as `belay build` does. */
export async function buildCase({ up, down }: Case): Promise<Built> {
  const files = [`${id}.up.sql`, `${id}.down.sql`];
  const change = sqlChange({ id: requireChangeId(id, id), directives: parseHead(up, files[0] ?? ""), files }, up, down);
  return build({ changes: [change], config: { ...defaultConfig(), policy: patient } }, change);
}

/** Becomes the one operator of a database. */
export async function operate(url: string): Promise<OpenTarget> {
  const { searchPath } = patient;
  return openTarget({
    name: "main",
    url,
    searchPath,
    actor: "ada@test",
    rollout: null,
    operatorPatienceMs: 5_000,
    note: silent,
  });
}

/** Applies a change as a rollout does. */
export async function applyOn(target: OpenTarget, built: Built): Promise<void> {
  const before = await keepCatalog(target);
  const { open } = await readTarget(target.operator);
  const { signal } = new AbortController();
  const context = { target, change: id, direction: "up", lock: patient.lock, report: silent, signal } as const;
  await applyChange(context, { built, before, open, directory: tmpdir() });
  await recordFingerprint(target, id);
}

/** Takes the change back as `belay revert` does: by what the target's own ledger holds, and proved. */
export async function revertFrom(target: OpenTarget): Promise<void> {
  const held = { open: target, persist: <T>(work: (open: OpenTarget) => Promise<T>) => work(target) };
  const seen = await preview(target, { kind: "last" });
  const place = { held, policy: patient, directory: tmpdir(), report: silent, reason: "the case" };
  const { problem } = await revertOn(place, seen);
  if (problem !== null) throw new Error(problem);
}
