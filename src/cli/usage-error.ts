import leven from "leven";
import type { Argv, CommandModule } from "yargs";
import type { SharedFlags } from "./conduct.js";
import { exitCode } from "./exit-code.js";

/** How far a misspelt flag may be from the one that was meant, in edits. */
const nearDistance = 3;

/** Wrong words on the command line: one line, what to try, exit code 2; a JSON document where one was asked for. */
export function usageError(
  message: string | null,
  thrown: Error | undefined,
  argv: readonly string[],
  flags: readonly string[] = [],
): void {
  const text = (message ?? thrown?.message ?? "wrong usage") + meant(message ?? "", flags);
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

/** The flags that a command's builder declares: yargs does not tell them. */
export function flagsOf(command: CommandModule<SharedFlags> | undefined): readonly string[] {
  const flags: string[] = [];
  const recorder: Argv<SharedFlags> = new Proxy({} as Argv<SharedFlags>, {
    get: (_, method) => (name: unknown) => {
      if (method === "option") flags.push(String(name));
      return recorder;
    },
  });
  if (typeof command?.builder === "function") void command.builder(recorder);
  return flags;
}

function meant(message: string, flags: readonly string[]): string {
  const [, unknown] = /^Unknown arguments?: ([^\s,]+)/.exec(message) ?? [];
  if (unknown === undefined) return "";
  const [nearest] = flags.toSorted((a, b) => leven(unknown, a) - leven(unknown, b));
  return nearest !== undefined && leven(unknown, nearest) <= nearDistance ? `; did you mean --${nearest}?` : "";
}
