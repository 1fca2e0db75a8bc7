/** One measurement: which run, and whose turn in it. */
export interface Turn<T> {
  /** From 1. */
  readonly run: number;
  readonly contender: T;
}

/** A measurement, with the run that it belongs to. */
export type InRun<M> = M & { readonly run: number };

/** A B C A B C …: what changes on the machine meanwhile meets all contenders alike. */
export function interleaved<T>(contenders: readonly T[], runs: number): readonly Turn<T>[] {
  return Array.from({ length: runs }, (_, index) =>
    contenders.map((contender) => ({ run: index + 1, contender })),
  ).flat();
}

/** Measures each contender in its turn; `tell` hears of each measurement as it is made. */
export async function takeTurns<T, M>(
  contenders: readonly T[],
  runs: number,
  measure: (contender: T, run: number) => Promise<M>,
  tell: (measured: InRun<M>) => void,
): Promise<readonly InRun<M>[]> {
  const measurements: InRun<M>[] = [];
  for (const { run, contender } of interleaved(contenders, runs)) {
    const measured = { ...(await measure(contender, run)), run };
    tell(measured);
    measurements.push(measured);
  }
  return measurements;
}
