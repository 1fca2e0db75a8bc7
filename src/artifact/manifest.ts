import { z } from "zod";
import { BelayError } from "../errors.js";
import { recording } from "./recording.js";

const lockMode = z.enum([
  "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE",
]); // prettier-ignore
const qualified = z.strictObject({ schema: z.string().nullable(), name: z.string() });

const verification = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("index-valid"), index: qualified }),
  z.strictObject({ kind: z.literal("index-gone"), index: qualified }),
  z.strictObject({ kind: z.literal("detached"), parent: qualified, partition: qualified }),
  z.strictObject({ kind: z.literal("reindexed"), relation: qualified }),
  z.strictObject({ kind: z.literal("none") }),
]);

const objectKey = z.strictObject({
  kind: z.string(),
  schema: z.string().nullable(),
  name: z.string(),
  of: z.string().nullable(),
  key: z.string(),
});

const rowWriting = z.strictObject({
  command: z.enum(["INSERT", "UPSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE"]),
  relations: z.array(z.string()),
  only: z.boolean(),
  as: z.string(),
  sets: z.array(z.string()),
  reads: z.string().nullable(),
  with: z.string(),
  run: z.string(),
});

const retyping = z.strictObject({
  relation: z.string(),
  columns: z.array(z.string()),
  using: z.array(z.string().nullable()),
  around: z.tuple([z.string(), z.string()]),
});

const batch = z.strictObject({
  relation: z.string(),
  only: z.boolean(),
  as: z.string(),
  head: z.string(),
  key: z.array(z.string()).nullable(),
  sets: z.array(z.string()),
  reads: z.array(z.string()),
  digest: z.string().exactOptional(),
  place: z.int().exactOptional(),
  image: rowWriting.exactOptional(),
  returns: z.array(z.int()).exactOptional(),
});

const step = z.strictObject({
  sql: z.string(),
  command: z.string(),
  purpose: z.enum(["keep", "restore", "hide", "unhide", "finish", "write", "compare", "return", "see"]).nullable(),
  locks: z.array(z.strictObject({ relation: z.string(), mode: lockMode })),
  makes: z.array(z.string()),
  mayMeet: z.array(objectKey),
  removes: z.array(z.string()),
  verification,
  unless: z.array(z.string()).exactOptional(),
  origin: z.strictObject({ text: z.string(), why: z.string() }).exactOptional(),
  role: z.string().exactOptional(),
  together: z.array(z.string()).exactOptional(),
  retyping: retyping.exactOptional(),
  batch: batch.exactOptional(),
});

const section = z.strictObject({
  transaction: z.enum(["inside", "outside", "batched"]),
  steps: z.array(step).min(1),
});

const evidence = z.strictObject({
  /** ISO 8601, UTC. */
  at: z.string(),
  outcome: z.enum(["proven", "failed"]),
  /** Digest of the change and SHA-256 of the artifact that were rehearsed. */
  digest: z.string(),
  artifact: z.string(),
  belayVersion: z.string(),
  serverVersion: z.string(),
  on: z.string(),
  base: z.string(),
  assertions: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
  durationMs: z.strictObject({ up: z.number(), down: z.number() }),
});

const loss = z.strictObject({
  object: z.string(),
  what: z.string(),
  when: z.enum(["applied", "taken back"]).exactOptional(),
});

const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  change: z.string(),
  title: z.string(),
  form: z.enum(["sql", "knex", "command"]),
  /** Digest of the change that it takes back. */
  digest: z.string(),
  requires: z.array(z.string()),
  searchPath: z.string(),
  irreversible: z.string().nullable(),
  /** Left out by earlier versions. */
  reversibility: z.enum(["lossless", "lossy", "irreversible"]).exactOptional(),
  loss: z.array(loss),
  /** The steps of the way back; for commands, the argument list. */
  sections: z.array(section),
  /** What is to be removed before them where the change was cut off half-way up. */
  leftovers: z.array(objectKey).exactOptional(),
  /** How the way back of a knex migration was found that decides by what it reads. */
  dynamic: recording.exactOptional(),
  command: z.array(z.string()).nullable(),
  /** The file beside it, and SHA-256 over its bytes. */
  file: z.string(),
  sha256: z.string(),
  evidence: evidence.nullable(),
});

/** What the artifact is, for a program: `rollbacks/<id>.json`. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The proof that a way back works: the result of its rehearsal. */
export type Evidence = z.infer<typeof evidence>;

/** @throws BelayError `manifest-invalid` with the place of the first fault. */
export function parseManifest(value: unknown, file: string): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BelayError(
    "refused",
    "manifest-invalid",
    `${file}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    {
      hint: "Run `belay build` to make it again.",
    },
  );
}

/** Its bytes in the file: two-space JSON in the schema's order, ending in LF. The same manifest gives the same bytes. */
export function printManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
