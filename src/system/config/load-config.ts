import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { BelayError, messageOf } from "../../errors.js";
import { importModule } from "../import-module.js";
import type { Config } from "./config.js";
import { defaultConfig, parseConfig } from "./parse-config.js";

/** The names under which a config is looked for, first one first. */
const configFiles = ["ts", "mts", "js", "mjs", "json"].map((suffix) => `belay.config.${suffix}`);

export interface LoadedConfig {
  readonly config: Config;
  /** The project's folder: where the config lies, or else where the command was called. */
  readonly root: string;
  /** Null where there is none, and the defaults apply. */
  readonly file: string | null;
}

/**
 * Finds the config in `directory` or above it; `given` names one.
 * @throws BelayError `config-missing`, `config-unreadable` or `config-invalid`.
 */
export async function loadConfig(
  directory: string,
  given: string | null,
  environment: NodeJS.ProcessEnv,
): Promise<LoadedConfig> {
  const file = given === null ? find(resolve(directory)) : resolve(directory, given);
  if (file === null) return { config: defaultConfig(), root: resolve(directory), file: null };
  if (!existsSync(file)) {
    throw new BelayError("usage", "config-missing", `There is no config file ${given}.`, {
      hint: "`belay init` writes one.",
    });
  }
  return { config: parseConfig(await read(file), basename(file), environment), root: dirname(file), file };
}

function find(directory: string): string | null {
  for (const name of configFiles) {
    if (existsSync(join(directory, name))) return join(directory, name);
  }
  const parent = dirname(directory);
  return parent === directory ? null : find(parent);
}

async function read(file: string): Promise<unknown> {
  try {
    if (file.endsWith(".json")) return JSON.parse(await readFile(file, "utf8"));
    const module = await importModule(file);
    return module["default"];
  } catch (thrown) {
    throw new BelayError("usage", "config-unreadable", `${basename(file)}: ${messageOf(thrown)}`, {
      hint: "Correct the file, or name another with --config.",
      cause: thrown,
    });
  }
}
