/** One measurement: which run, and whose turn in it. */
export interface Turn<T> {
  /** From 1. */
  readonly run: number;
  readonly contender: T;
}

/** A B C A B C …: what changes on the machine meanwhile meets all contenders alike. */
export function interleaved<T>(contenders: readonly T[], runs: number): readonly Turn<T>[] {
  return Array.from({ length: runs }, (_, index) =>
    contenders.map((contender) => ({ run: index + 1, contender })),
  ).flat();
}
