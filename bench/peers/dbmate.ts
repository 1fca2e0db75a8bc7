import { join } from "node:path";
import { writeAll } from "./files.js";
import { linkPeers, nodeModules, programOf } from "./installed.js";
import type { Peer } from "./peer.js";
import { canRun, run } from "./process.js";

/**
 * dbmate with its default settings: each migration in a transaction of its own. But for the dump of the schema that follows: it wants a pg_dump of the server's
 * version, and is no part of the change.
 */
export const dbmatePeer: Peer = {
  name: "dbmate",
  how: "dbmate --no-dump-schema up",
  kind: "binary",
  givesUp: false,
  installed: true,
  unavailable: async () =>
    (await canRun(join(nodeModules, ".bin", "dbmate"), "--version"))
      ? null
      : "its package brings no program for this platform",
  prepare: ({ folder }) => linkPeers(folder),
  write: ({ folder }, changes) =>
    writeAll(
      folder,
      Object.fromEntries(
        changes.map(({ id, up, down }) => [
          `db/migrations/${id}.sql`,
          `-- migrate:up\n${up}\n\n-- migrate:down\n${down}\n`,
        ]),
      ),
    ),
  makeReady: null,
  apply: async ({ folder, url }) => ({
    tookMs: await run([programOf("dbmate"), "--no-dump-schema", "up"], { cwd: folder, env: { DATABASE_URL: url } }),
    attempts: 1,
  }),
};
