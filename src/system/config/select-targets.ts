import { BelayError } from "../../errors.js";
import type { Config, Target } from "./config.js";

/**
 * The target of that name, or all of them for null.
 * @throws BelayError `target-unknown` naming the known ones.
 */
export function selectTargets({ targets }: Config, name: string | null): readonly Target[] {
  const selected = targets.filter((target) => name === null || target.name === name);
  if (selected.length > 0) return selected;
  throw new BelayError("usage", "target-unknown", `There is no target ${name}.`, {
    hint: `Known: ${targets.map((target) => target.name).join(", ")}.`,
  });
}
