import { writeAll } from "./files.js";
import { linkPeers, programOf } from "./installed.js";
import type { Peer } from "./peer.js";
import { run } from "./process.js";

/** knex's command line with its default settings: each migration in a transaction of its own (knexjs.org, "Migrations"). */
export const knexPeer: Peer = {
  name: "knex",
  how: "knex migrate:latest, migrations with knex.raw",
  kind: "javascript",
  givesUp: false,
  installed: true,
  unavailable: async () => null,
  prepare: async ({ folder }) => {
    await linkPeers(folder);
    await writeAll(folder, {
      "knexfile.js": "module.exports = { client: 'pg', connection: process.env.DATABASE_URL };\n",
    });
  },
  write: ({ folder }, changes) =>
    writeAll(
      folder,
      Object.fromEntries(
        changes.map(({ id, up, down }) => [
          `migrations/${id}.js`,
          `exports.up = (knex) => knex.raw(${JSON.stringify(up)});\nexports.down = (knex) => knex.raw(${JSON.stringify(down)});\n`,
        ]),
      ),
    ),
  makeReady: null,
  apply: async ({ folder, url }) => ({
    tookMs: await run([programOf("knex"), "migrate:latest"], { cwd: folder, env: { DATABASE_URL: url } }),
    attempts: 1,
  }),
};
