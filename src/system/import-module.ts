import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

/** Belay's own entry: what `import … from "belay"` means in a config, wherever that lies. */
const belayEntry = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url),
);

/**
 * Imports a TypeScript or JavaScript module on any Node that runs Belay. Compiled anew each time: a cache would lie in a folder that all users share, where
 * somebody else could put code of their own.
 */
export async function importModule(file: string): Promise<Record<string, unknown>> {
  const jiti = createJiti(import.meta.url, { alias: { belay: belayEntry }, moduleCache: false, fsCache: false });
  return jiti.import<Record<string, unknown>>(file);
}
