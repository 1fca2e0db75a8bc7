import { exitCode } from "./exit-code.js";

/** Wrong words on the command line: one line, what to try, exit code 2; a JSON document where one was asked for. */
export function usageError(message: string | null, thrown: Error | undefined, argv: readonly string[]): void {
  const text = message ?? thrown?.message ?? "wrong usage";
  const command = argv.find((word) => !word.startsWith("-")) ?? "";
  const hint = command === "" ? "belay --help" : `belay ${command} --help`;
  if (argv.includes("--json")) {
    const document = {
      command,
      outcome: "usage_error",
      exitCode: exitCode.usage,
      error: { code: "usage", message: text, hint },
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  process.stderr.write(`error ${text.split("\n")[0]}\nnext  ${hint}\n`);
  process.exitCode = exitCode.usage;
  // yargs would go on to run the handler with half-read words.
  process.exit();
}
