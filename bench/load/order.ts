/** An application's query; `values` are made anew for each. */
export interface LoadQuery {
  readonly sql: string;
  /** Of 100 queries. */
  readonly share: number;
  /** What each parameter is: a random row's number, from 1 to `rows`. */
  readonly parameters: number;
}

/** What the application is to do. */
export interface LoadOrder {
  readonly url: string;
  /** One connection each. */
  readonly clients: number;
  readonly ratePerSecond: number;
  /** How many rows the table had when the application started. */
  readonly rows: number;
  readonly queries: readonly LoadQuery[];
}

export type ToApplication = { readonly kind: "start"; readonly order: LoadOrder } | { readonly kind: "stop" };

export type FromApplication =
  | { readonly kind: "started" }
  | { readonly kind: "failed"; readonly message: string }
  | {
      readonly kind: "stopped";
      readonly dueAt: Float64Array;
      readonly waitMs: Float64Array;
      readonly errors: number;
      readonly lastError: string | null;
      /** The longest that the application itself was late to send a query, in milliseconds. */
      readonly ownDelayMs: number;
    };
