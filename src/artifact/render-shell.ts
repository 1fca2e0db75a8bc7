import type { Change } from "../change/change.js";
import { quoteLiteral } from "../sql/quote.js";

/**
 * The artifact of a pair of commands: a POSIX shell script. It asks the ledger with psql, runs the command, and records it. The database is
 * named by `DATABASE_URL`.
 */
export function renderShell(change: Change, command: readonly string[]): string {
  const id = quoteLiteral(change.id);
  const digest = quoteLiteral(change.digest);
  const ask = `SELECT belay.begin_revert(${id}, ${digest}, 1, true) || ' ' || current_setting('belay.epoch')`;
  // The command has run in between on no session at all: this one takes the guard's word over, unless somebody else has become the operator meanwhile.
  const end = `SET belay.reverting = ${id}; SELECT belay.end_section(${id}, 0, 1, ${digest})`;
  if (change.directives.irreversible !== null) {
    return `#!/bin/sh\n${commentOf(change)}\necho ${shellQuote(`Belay: ${change.id} cannot be taken back: ${change.directives.irreversible}`)} >&2\nexit 3\n`;
  }
  return [
    "#!/bin/sh",
    commentOf(change),
    "set -eu",
    'cd "$(dirname "$0")/.."',
    ': "${DATABASE_URL:?set DATABASE_URL to the database where it is applied}"',
    'ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" "$DATABASE_URL"; }',
    `state=$(ask ${shellQuote(ask)})`,
    'case "$state" in already*) exit 0 ;; esac',
    'export BELAY_DATABASE_URL="$DATABASE_URL" BELAY_DIRECTION=down',
    command.map(shellQuote).join(" "),
    `ask "SET belay.epoch = '\${state##* }';"${shellQuote(end)}`,
    "",
  ].join("\n");
}

function commentOf(change: Change): string {
  return [
    `# Belay: the way back of ${change.title.replaceAll(/\s+/g, " ")} (${change.id}).`,
    `# DATABASE_URL=postgres://… sh rollbacks/${change.id}.sh`,
    "# It runs the command from the project's folder and records that in the ledger. Do not edit it: it is sealed.",
  ].join("\n");
}

/** One word of a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
