/** The stations of a case's journey, in their order. */
export type Station =
  | "the case itself"
  | "build"
  | "up"
  | "up is what its statements say"
  | "write"
  | "revert"
  | "up again"
  | "the file alone";

/** A case came to grief at a station. */
export class CaseFailed extends Error {
  constructor(
    readonly station: Station,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(`at "${station}": ${message}`, options);
  }
}

/** Runs a part of the journey; whatever it throws is a failure at this station. */
export async function at<T>(station: Station, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof CaseFailed) throw thrown;
    throw new CaseFailed(station, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
