import type { CopiedBody, Entry, EntryBodies } from "../journal/entry.js";
import type { Paint } from "./paint.js";

interface HistoryView {
  readonly target: string;
  readonly entries: readonly Entry[];
  readonly broken: { readonly why: string } | null;
}

export function historyText(targets: readonly HistoryView[], paint: Paint): readonly string[] {
  return targets.flatMap(({ target, entries, broken }) => [
    paint.strong(target),
    ...(entries.length === 0
      ? [paint.dim("  nothing has happened there")]
      : entries.map((entry) => entryText(entry, paint))),
    ...(broken === null ? [] : [paint.bad(`  the chain of the ledger is broken: ${broken.why}`)]),
    "",
  ]);
}

function entryText(entry: Entry, paint: Paint): string {
  const at = entry.at.slice(0, 19).replace("T", " ");
  const about = [entry.change, detail(entry)].filter((part) => part !== null && part !== "").join("  ");
  return `  ${paint.dim(`${String(entry.seq).padStart(4)}  ${at}  ${entry.actor}`)}  ${entry.kind}  ${about}`;
}

/** What of an entry's body a person wants to read. */
function detail(entry: Entry): string {
  switch (entry.kind) {
    case "rollout-started":
      return `${entry.rollout}: ${entry.body.plan.changes.map(({ id }) => id).join(", ")}`;
    case "rollout-ended":
      return `${entry.rollout}: ${entry.body.outcome}`;
    case "gate":
      return `${entry.body.gate} ${entry.body.phase}: ${entry.body.verdict}, ${entry.body.reason}`;
    case "copy-accepted":
      return `of database ${entry.body.from.database}: at home in database ${entry.body.identity.database} from now on`;
    case "applied":
      return `${entry.body.durationMs} ms`;
    case "reverted":
    case "released":
      return entry.body.reason;
    case "failed":
    case "turned-back":
      return entry.body.message;
    case "back-proved":
      return entry.body.equal ? "the catalog is what it was" : "the catalog differs";
    case "stage-done":
    case "approved":
      return entry.body.stage;
    case "kept":
      return entry.body.how === undefined
        ? copiedText(entry.body)
        : `${entry.body.how === "hidden" ? "hidden" : "as they were"}: ${entry.body.objects.join(", ")}`;
    case "settled":
      return copiedText(entry.body);
    case "purged":
      return entry.body.objects.join(", ");
    case "restored":
      return restoredText(entry.body);
    case "blocker-ended":
      return `${entry.body.how} process ${entry.body.blocker.pid} of ${entry.body.blocker.user}: ${entry.body.blocker.query}`;
    case "section-intended":
      return entry.body.statement;
    case "batches-started":
      return `${entry.body.relation} by ${entry.body.key.join(", ")}${entry.body.aboutRows === null ? "" : `, about ${entry.body.aboutRows} rows`}`;
    case "batches-passed":
      return `${entry.body.seenRows} rows seen, ${entry.body.changedRows} changed, in ${entry.body.batches} batches`;
    case "throttled":
      return `${entry.body.gate}: ${entry.body.held ? `held, ${entry.body.reason}` : "goes on"}`;
    default:
      return "";
  }
}

function restoredText({ how, rows = 0, stayed = 0 }: EntryBodies["restored"]): string {
  if (how === "hidden") return "what was hidden";
  if (how === undefined) return `${rows} rows`;
  return stayed === 0 ? "rows as they were" : `rows as they were, but ${stayed} that were changed since`;
}

function copiedText({ table, column, rows }: CopiedBody): string {
  return `${table}${column === null ? "" : `.${column}`}: ${rows} rows`;
}
