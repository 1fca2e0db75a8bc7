/** What the application did since it was asked last. */
export interface Traffic {
  writes: number;
  reads: number;
  errors: number;
  /** The longest that it waited for an answer, in milliseconds. */
  slowestMs: number;
  lastError: string;
}

export interface WriterDatabase {
  readonly url: string;
  /** Whether some of its tasks have the priority 10. */
  readonly hasUrgentTasks: boolean;
}

/** What the story tells its application. */
export type WriterOrder =
  | { readonly kind: "start"; readonly databases: readonly WriterDatabase[] }
  /** The release that runs from now on knows `ai_model`, or does not. */
  | { readonly kind: "release"; readonly storesModel: boolean }
  | { readonly kind: "report" };

export function zeroTraffic(): Traffic {
  return { writes: 0, reads: 0, errors: 0, slowestMs: 0, lastError: "" };
}
