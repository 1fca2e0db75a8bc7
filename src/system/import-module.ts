import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

/** Belay's own entry: what `import … from "belay"` means in a config, wherever that lies. */
const belayEntry = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url),
);

/** Imports a TypeScript or JavaScript module on any Node that runs Belay. */
export async function importModule(file: string): Promise<Record<string, unknown>> {
  const jiti = createJiti(import.meta.url, { alias: { belay: belayEntry }, moduleCache: false });
  return jiti.import<Record<string, unknown>>(file);
}
