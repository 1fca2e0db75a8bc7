/** Which database this is, by whatever name it is reached. */
export interface Identity {
  /** Given to a cluster by initdb, and shared by its physical copies (manual, 9.28: pg_control_system); null where the role may not read it. */
  readonly systemIdentifier: string | null;
  readonly database: string;
}

/** Whether a database may be the one that was looked at: what is not known does not speak against it. */
export function isSameDatabase(a: Identity, b: Identity): boolean {
  const unknown = a.systemIdentifier === null || b.systemIdentifier === null;
  return a.database === b.database && (unknown || a.systemIdentifier === b.systemIdentifier);
}

/** `database orders of system 7421…`. */
export function describeIdentity({ systemIdentifier, database }: Identity): string {
  return `database ${database} of system ${systemIdentifier ?? "(not readable)"}`;
}
