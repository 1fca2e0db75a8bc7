import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { BelayError } from "../src/errors.js";
import { apply } from "./apply/apply.js";
import { artifact } from "./artifact/artifact.js";
import { backfill } from "./backfill/backfill.js";
import { stall } from "./stall/stall.js";
import type { BenchOptions } from "./options.js";
import { note } from "./report/note.js";
import { startServer, type BenchServer } from "./server/server.js";

type Benchmark = (server: BenchServer, options: BenchOptions) => Promise<void>;

const benchmarks: Readonly<Record<string, { readonly run: Benchmark; readonly describe: string }>> = {
  stall: {
    run: stall,
    describe: "how long an application waits while a column is added to a table that a reader holds",
  },
  apply: { run: apply, describe: "what small changes cost, and what a long history costs" },
  backfill: {
    run: backfill,
    describe: "what filling a column of a large table costs, and what an application sees of it",
  },
  artifact: {
    run: artifact,
    describe: "what building artifacts costs, and whether a kept DROP COLUMN asks how large its table is",
  },
};

const cli = yargs(hideBin(process.argv))
  .scriptName("npm run bench --")
  .option("runs", { type: "number", default: 5, describe: "how often each contender is measured, in turn" })
  .option("quick", { type: "boolean", default: false, describe: "tiny and once: only shows that the benchmark works" })
  .option("only", { type: "string", default: "", describe: "contenders, separated by commas" })
  .option("changes", { type: "number", describe: "of apply and artifact: how many changes; 1,000 by default" })
  .option("history", { type: "number", describe: "of apply: how many were applied before; 10,000 by default" })
  .option("rows", {
    type: "number",
    describe: "of backfill and artifact: rows of the table; 2,000,000 and 10,000,000 by default",
  })
  .option("belay", { type: "string", describe: "the command line to measure instead of dist/cli/main.js" })
  .strict()
  .demandCommand(1, "Which benchmark?")
  .version(false)
  .fail((message, thrown: Error | undefined) => {
    note(thrown?.stack ?? `${message}\nnpm run bench -- --help`);
    process.exit(thrown === undefined ? 2 : 1);
  })
  .wrap(Math.min(110, process.stdout.columns || 110));

for (const [name, { run, describe }] of Object.entries(benchmarks)) {
  cli.command(name, describe, {}, (flags) => bench(run, flags as unknown as Flags));
}
cli.command("all", "all of them, one after the other", {}, (flags) => bench(all, flags as unknown as Flags));
await cli.parseAsync();

async function all(server: BenchServer, options: BenchOptions): Promise<void> {
  for (const { run } of Object.values(benchmarks)) await run(server, options);
}

interface Flags {
  readonly runs: number;
  readonly quick: boolean;
  readonly only: string;
  readonly changes: number | undefined;
  readonly history: number | undefined;
  readonly rows: number | undefined;
  readonly belay: string | undefined;
}

async function bench(run: Benchmark, flags: Flags): Promise<void> {
  const options: BenchOptions = {
    runs: flags.quick ? 1 : Math.max(1, Math.floor(flags.runs)),
    quick: flags.quick,
    only: flags.only.split(",").filter((name) => name !== ""),
    changes: flags.changes,
    history: flags.history,
    rows: flags.rows,
    cli: flags.belay,
  };
  const server = await startServer();
  try {
    await run(server, options);
  } catch (thrown) {
    process.exitCode = 1;
    if (!(thrown instanceof BelayError)) throw thrown;
    note([thrown.message, thrown.hint ?? ""].join("\n"));
  } finally {
    await server.close();
  }
}
