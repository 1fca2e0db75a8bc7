import { refuse, warn, type Finding } from "./finding.js";

/** What bears on the order in which changes run on a target. */
export interface OrderSource {
  readonly target: string;
  /** Ids, in the order of the project. */
  readonly pending: readonly string[];
  readonly applied: readonly string[];
  /** Ids that the target's ledger knows already: what was there before and was taken back is no late arrival. */
  readonly known: ReadonlySet<string>;
  /** All ids of the project, in order. */
  readonly order: readonly string[];
  readonly allowed: boolean;
}

/** Names each pending change that arrives after newer ones were applied on the target: it would run on a catalog that it was not written for. */
export function judgeOrder({ target, pending, applied, known, order, allowed }: OrderSource): readonly Finding[] {
  const rank = new Map(order.map((id, index) => [id, index]));
  const isLater = (one: string, other: string): boolean => {
    const [a, b] = [rank.get(one), rank.get(other)];
    return a === undefined || b === undefined ? one > other : a > b;
  };
  const newest = applied.reduce<string | null>((last, id) => (last === null || isLater(id, last) ? id : last), null);
  if (newest === null) return [];
  return pending
    .filter((id) => !known.has(id) && isLater(newest, id))
    .map((id) => {
      const message = `${id} is out of order: ${newest} is newer, and is applied there already.`;
      const hint = "Give it a newer version, or run it all the same with --out-of-order.";
      return allowed ? warn("out-of-order", target, message) : refuse("out-of-order", target, message, hint);
    });
}
