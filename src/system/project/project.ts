import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "../../artifact/artifact.js";
import type { Stored } from "../../artifact/freshness.js";
import { parseManifest, printManifest, type Manifest } from "../../artifact/manifest.js";
import type { Change } from "../../change/change.js";
import { orderChanges } from "../../change/order.js";
import { BelayError, messageOf } from "../../errors.js";
import type { Config } from "../config/config.js";
import { loadConfig } from "../config/load-config.js";
import { readIfThere, writeWhole } from "../files.js";
import { loadChanges, type MissingDown } from "./load-changes.js";

/** A folder with its config and its changes. */
export interface Project {
  readonly root: string;
  readonly config: Config;
  /** The config's path; null where the defaults apply. */
  readonly configFile: string | null;
  /** In the order in which they run. */
  readonly changes: readonly Change[];
}

export interface ProjectOptions {
  /** Where to look; by default the working directory. */
  readonly directory?: string;
  /** The config's path, where it is not to be looked for. */
  readonly configFile?: string | null;
  /** What becomes of a change in SQL without a file for its way back; refused by default. */
  readonly missingDown?: MissingDown;
}

/** @throws BelayError `usage` naming the file that is wrong. */
export async function loadProject(options: ProjectOptions = {}): Promise<Project> {
  const loaded = await loadConfig(options.directory ?? process.cwd(), options.configFile ?? null, process.env);
  const changes = orderChanges(await loadChanges(loaded.root, options.missingDown));
  return { root: loaded.root, config: loaded.config, configFile: loaded.file, changes };
}

/** What lies in `rollbacks/` for a change. */
export async function readStoredArtifact(
  project: Pick<Project, "root">,
  artifact: Pick<Manifest, "change" | "file">,
): Promise<Stored> {
  const folder = join(project.root, "rollbacks");
  const manifestFile = `${artifact.change}.json`;
  const text = await readIfThere(join(folder, artifact.file));
  const json = await readIfThere(join(folder, manifestFile));
  return {
    text,
    manifest: json === null ? null : parseManifest(parseJson(json, manifestFile), `rollbacks/${manifestFile}`),
  };
}

/** Writes an artifact and its manifest, each whole or not at all. */
export async function writeArtifact(project: Project, artifact: Artifact): Promise<void> {
  const folder = join(project.root, "rollbacks");
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, artifact.manifest.file), artifact.text);
  await writeManifest(project, artifact.manifest);
}

export async function writeManifest(project: Project, manifest: Manifest): Promise<void> {
  await writeWhole(join(project.root, "rollbacks", `${manifest.change}.json`), printManifest(manifest));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new BelayError("refused", "manifest-invalid", `rollbacks/${file}: ${messageOf(thrown)}`, {
      hint: "Run `belay build` to make it again.",
      cause: thrown,
    });
  }
}
