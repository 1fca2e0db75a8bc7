import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { belayPeer } from "../peers/belay.js";
import type { Peer } from "../peers/peer.js";
import { run } from "../peers/process.js";
import { psqlPeer } from "../peers/psql.js";
import { handWritten, statement } from "./scene.js";

/** The single UPDATE comes first: it is what all others are measured by. */
export function backfillContenders(cli: string | undefined): readonly Peer[] {
  return [
    psqlScript("single-update", "psql, one UPDATE of all rows", statement),
    belayPeer({ cli, rehearse: false }),
    psqlScript("batches-1000", "psql, a DO block, ranges of 1,000 keys, COMMIT after each", handWritten(1_000)),
    psqlScript("batches-10000", "psql, a DO block, ranges of 10,000 keys, COMMIT after each", handWritten(10_000)),
  ];
}

function psqlScript(name: string, how: string, sql: string): Peer {
  return {
    ...psqlPeer,
    name,
    how,
    write: ({ folder }) => writeFile(join(folder, "backfill.sql"), `${sql}\n`),
    apply: async ({ folder, url }) => ({
      tookMs: await run(["./psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "backfill.sql", url], { cwd: folder }),
      attempts: 1,
    }),
  };
}
