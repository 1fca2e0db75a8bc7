import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAll } from "./files.js";
import { linkPeers } from "./installed.js";
import type { Peer } from "./peer.js";
import { run } from "./process.js";

const script = fileURLToPath(new URL("./umzug-migrate.mjs", import.meta.url));

/** A script over pg with SQL files and a table as storage, as umzug's README has it ("Resolver", "Custom storages"). */
export const umzugPeer: Peer = {
  name: "umzug",
  how: "a script with umzug over pg, migrations as SQL files",
  kind: "javascript",
  givesUp: false,
  installed: true,
  unavailable: async () => null,
  prepare: async ({ folder }) => {
    await linkPeers(folder);
    await copyFile(script, join(folder, "migrate.mjs"));
  },
  write: ({ folder }, changes) =>
    writeAll(
      folder,
      Object.fromEntries(
        changes.flatMap(({ id, up, down }) => [
          [`migrations/${id}.sql`, `${up}\n`],
          [`migrations/down/${id}.sql`, `${down}\n`],
        ]),
      ),
    ),
  makeReady: null,
  apply: async ({ folder, url }) => ({
    tookMs: await run([process.execPath, "migrate.mjs"], { cwd: folder, env: { DATABASE_URL: url } }),
    attempts: 1,
  }),
};
