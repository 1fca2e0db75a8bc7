import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerFacts } from "../server/server.js";
import { note } from "./note.js";

const folder = fileURLToPath(new URL("../results", import.meta.url));

/** A bound that the project sets itself, and whether this run kept it. */
export interface Aim {
  readonly aim: string;
  readonly seen: string;
  readonly kept: boolean;
}

export interface Results {
  readonly benchmark: string;
  /** Everything that decides what the figures mean. */
  readonly setting: Readonly<Record<string, unknown>> & { readonly quick: boolean };
  /** How each contender is run. */
  readonly how: Readonly<Record<string, string>>;
  readonly server: ServerFacts;
  /** The contenders that did not take part, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
  readonly summary: unknown;
  readonly aims: readonly Aim[];
  /** Each measurement, in the order in which they were made. */
  readonly measurements: readonly unknown[];
}

/** Writes `bench/results/<benchmark>.json`, or `<benchmark>.quick.json` for what measures nothing, and prints what a person reads. */
export async function publish(results: Results, tables: readonly string[]): Promise<void> {
  const processors = cpus();
  const machine = {
    processors: processors.length,
    model: processors[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / 1_048_576),
    platform: `${platform()}-${arch()}`,
    node: process.version,
  };
  await mkdir(folder, { recursive: true });
  const file = `${results.benchmark}${results.setting.quick ? ".quick" : ""}.json`;
  await writeFile(
    join(folder, file),
    `${JSON.stringify({ at: new Date().toISOString(), machine, ...results }, null, 2)}\n`,
  );
  const { server } = results;
  const settings = Object.entries(server.settings).map(([name, value]) => `${name}=${value}`);
  const lines = [
    `${results.benchmark}: ${Object.entries(results.setting)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(", ")}`,
    `PostgreSQL ${server.version} (${settings.join(" ")}), Node ${machine.node}, ${machine.processors} × ${machine.model}`,
    "",
    ...tables.flatMap((table) => [table, ""]),
    ...Object.entries(results.missing).map(([name, why]) => `without ${name}: ${why}`),
    ...results.aims.map(({ aim, seen, kept }) => `${kept ? "kept  " : "missed"}  ${aim}: ${seen}`),
  ];
  process.stdout.write(`\n${lines.join("\n")}\n`);
  note(`written to bench/results/${file}`);
}
