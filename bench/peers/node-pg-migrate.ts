import { writeAll } from "./files.js";
import { linkPeers, programOf } from "./installed.js";
import type { Peer } from "./peer.js";
import { run } from "./process.js";

/** node-pg-migrate's command line with its default settings: all that is pending in a single transaction (its documentation, "CLI Usage"). */
export const nodePgMigratePeer: Peer = {
  name: "node-pg-migrate",
  how: "node-pg-migrate up, migrations with pgm.sql, all in one transaction",
  kind: "javascript",
  givesUp: false,
  installed: true,
  unavailable: async () => null,
  prepare: async ({ folder }) => {
    await linkPeers(folder);
    await writeAll(folder, { "package.json": '{ "type": "module" }\n' });
  },
  write: ({ folder }, changes) =>
    writeAll(
      folder,
      Object.fromEntries(
        changes.map(({ id, up, down }) => [
          `migrations/${id}.js`,
          `export const up = (pgm) => pgm.sql(${JSON.stringify(up)});\nexport const down = (pgm) => pgm.sql(${JSON.stringify(down)});\n`,
        ]),
      ),
    ),
  makeReady: null,
  apply: async ({ folder, url }) => ({
    tookMs: await run([programOf("node-pg-migrate"), "up"], { cwd: folder, env: { DATABASE_URL: url } }),
    attempts: 1,
  }),
};
