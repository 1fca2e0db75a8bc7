import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchChange, Outcome, Peer, Place } from "./peer.js";
import { lastOutput, run, start } from "./process.js";
import { findPsql } from "./psql-program.js";

/** What a person, or a deploy script, waits before another try, in milliseconds. */
const retryAfterMs = 1_000;
const maxAttempts = 30;

type Apply = (place: Place) => Promise<Outcome>;

/** One process a file, each file in one transaction. */
export const psqlPeer = psql(
  "psql",
  "psql -X -1 -v ON_ERROR_STOP=1 -f, one process a file",
  false,
  async ({ folder, url }) => {
    const loop =
      'for file in pending/*.sql; do ./psql -X -q -1 -v ON_ERROR_STOP=1 -f "$file" "$DATABASE_URL" || exit 1; done';
    return { tookMs: await run(["sh", "-c", loop], { cwd: folder, env: { DATABASE_URL: url } }), attempts: 1 };
  },
);

/** One process for all files: what of the time is the server's alone. */
export const psqlOncePeer = psql(
  "psql-once",
  "one psql for all files, BEGIN and COMMIT around each",
  false,
  async ({ folder, url }) => {
    const names = (await readdir(join(folder, "pending"))).toSorted();
    await writeFile(join(folder, "all.sql"), names.map((name) => `BEGIN;\n\\i pending/${name}\nCOMMIT;\n`).join(""));
    const argv = ["./psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "all.sql", url];
    return { tookMs: await run(argv, { cwd: folder }), attempts: 1 };
  },
);

/** Gives up after two seconds, and is started again a second later until it succeeds. */
export const psqlLockTimeoutPeer = psql(
  "psql-2s",
  "psql with lock_timeout = '2s', again after 1 s while it fails",
  true,
  async (place) => {
    const startedAt = performance.now();
    const [name = ""] = await readdir(join(place.folder, "pending"));
    const argv = ["./psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", `pending/${name}`, place.url];
    const options = { cwd: place.folder, env: { PGOPTIONS: "-c lock_timeout=2s" } };
    for (let attempts = 1; attempts <= maxAttempts; attempts += 1) {
      if ((await start(argv, options)).exitCode === 0) return { tookMs: performance.now() - startedAt, attempts };
      await sleep(retryAfterMs);
    }
    throw new Error(`psql failed ${maxAttempts} times:\n${await lastOutput(place.folder)}`);
  },
);

function psql(name: string, how: string, givesUp: boolean, apply: Apply): Peer {
  return {
    name,
    how,
    kind: "psql",
    givesUp,
    installed: false,
    unavailable,
    prepare,
    write,
    makeReady: null,
    apply,
  };
}

async function unavailable(): Promise<string | null> {
  return (await findPsql()) === null ? "psql is not installed" : null;
}

async function prepare({ folder }: Place): Promise<void> {
  await symlink((await findPsql()) ?? "psql", join(folder, "psql"));
}

/** psql has no notion of what was applied: only what is new lies in the folder. */
async function write({ folder }: Place, changes: readonly BenchChange[]): Promise<void> {
  const pending = join(folder, "pending");
  await rm(pending, { recursive: true, force: true });
  await mkdir(pending, { recursive: true });
  for (const { id, up } of changes) await writeFile(join(pending, `${id}.sql`), `${up}\n`);
}
