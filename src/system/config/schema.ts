import leven from "leven";
import { z } from "zod";
import { BelayError } from "../../errors.js";
import { parseDuration } from "../duration.js";

/** How far a misspelt key may be from the one that was meant, in edits. */
const nearDistance = 3;

const duration = z.string().transform((text, context) => {
  try {
    return parseDuration(text);
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    context.addIssue({ code: "custom", message: thrown.message });
    return z.NEVER;
  }
});

/** An object without unknown keys: one is named, with the nearest known key. */
function closed<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => unknownKey(key, Object.keys(shape))).join("; ")
        : undefined,
  });
}

function unknownKey(key: string, known: readonly string[]): string {
  const [nearest] = known.toSorted((a, b) => leven(key, a) - leven(key, b));
  const isNear = nearest !== undefined && leven(key, nearest) <= nearDistance;
  return isNear
    ? `unknown key "${key}"; did you mean "${nearest}"?`
    : `unknown key "${key}"; known are ${known.join(", ")}`;
}

function oneOrMore<T extends z.ZodType>(item: T) {
  return z.union([z.array(item).min(1), item.transform((one) => [one])]);
}

const targetSchema = closed({ url: z.string().min(1) });

/** Schemas in the order in which unqualified names are looked for in them: plain names, so that nothing needs quoting. */
const searchPath = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*(, ?[a-z_][a-z0-9_]*)*$/, "write plain schema names, separated by commas: app, public")
  .default("public");

const stageSchema = closed({
  name: z.string().min(1),
  targets: z.array(z.string()).min(1),
  gates: z.array(z.string()).default([]),
  bake: duration.default(0),
  approval: z.boolean().default(false),
});

const conditions = closed({
  max: z.number().optional(),
  min: z.number().optional(),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  status: z.union([z.number().int(), z.array(z.number().int()).min(1)]).optional(),
  maxMs: z.number().nonnegative().optional(),
  jsonPath: z.string().optional(),
});

const count = z.number().int().min(1);
const limit = z.number().int().min(0);

const schedule = {
  phase: oneOrMore(z.enum(["before", "during", "after"])),
  success: conditions.optional(),
  failure: conditions.optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  initialDelay: duration.optional(),
  count: count.optional(),
  duration: duration.optional(),
  consecutiveFailureLimit: limit.optional(),
  failureLimit: limit.optional(),
  consecutiveSuccess: count.optional(),
  inconclusiveLimit: limit.optional(),
  consecutiveErrorLimit: limit.optional(),
};

const gateSchema = z.discriminatedUnion("probe", [
  closed({ probe: z.literal("sql"), query: z.string().min(1), ...schedule }),
  closed({ probe: z.literal("http"), url: z.url(), headers: z.record(z.string(), z.string()).optional(), ...schedule }),
  closed({ probe: z.literal("command"), run: z.array(z.string()).min(1), ...schedule }),
]);

const policySchema = closed({
  lock: closed({
    budget: duration.prefault("200ms"),
    patience: duration.prefault("5m"),
    hold: duration.prefault("10s"),
  }).prefault({}),
  rehearsal: closed({
    required: z.boolean().default(true),
    maxAge: duration.prefault("7d"),
    on: z.string().default("embedded"),
    sample: z.number().int().min(0).default(0),
  }).prefault({}),
  rollBack: z.enum(["target", "stage", "rollout"]).default("rollout"),
  keep: duration.prefault("7d"),
  vacuum: z.enum(["wait", "refuse"]).default("wait"),
  outOfOrder: z.enum(["refuse", "allow"]).default("refuse"),
  differences: z.enum(["show", "refuse"]).default("show"),
  searchPath,
});

/** What a config file may hold, before it is checked against itself. */
export const configSchema = closed({
  targets: z.record(z.string().regex(/^[A-Za-z0-9_.-]+$/, "a target's name has letters, digits, _ . -"), targetSchema),
  stages: z.array(stageSchema).min(1).optional(),
  gates: z.record(z.string(), gateSchema).default({}),
  policy: policySchema.prefault({}),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedGate = z.output<typeof gateSchema>;
