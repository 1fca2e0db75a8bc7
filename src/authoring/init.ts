import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../system/files.js";

const configText = `import { defineConfig } from "belay";

export default defineConfig({
  targets: {
    // embedded:<name> is a database of Belay's own sandbox server; a real one is postgres://user:\${PASSWORD}@host/database
    staging: { url: process.env["STAGING_URL"] ?? "embedded:staging" },
    production: { url: process.env["DATABASE_URL"] ?? "embedded:production" },
  },
  stages: [
    { name: "staging", targets: ["staging"], gates: ["alive"], bake: "5s" },
    { name: "production", targets: ["production"], gates: ["alive"], bake: "1m", approval: true },
  ],
  gates: {
    alive: { probe: "sql", query: "select 1", phase: ["before", "after"], success: { equals: 1 } },
  },
});
`;

/** Writes a config and the two folders where they are missing. Gives what was made; nothing that is there is touched. */
export async function init(directory: string): Promise<readonly string[]> {
  const made: string[] = [];
  for (const folder of ["migrations", "rollbacks"]) {
    if (existsSync(join(directory, folder))) continue;
    await mkdir(join(directory, folder), { recursive: true });
    made.push(`${folder}/`);
  }
  const configs = ["ts", "mts", "js", "mjs", "json"].map((suffix) => join(directory, `belay.config.${suffix}`));
  if (!configs.some((file) => existsSync(file))) {
    await writeWhole(join(directory, "belay.config.ts"), configText);
    made.push("belay.config.ts");
  }
  return made;
}
