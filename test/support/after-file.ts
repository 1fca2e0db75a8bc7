const works: (() => Promise<void>)[] = [];

/** Puts off what clears up after the test file that runs now; the last comes first. */
export function afterFile(work: () => Promise<void>): void {
  works.push(work);
}

/** Does all that was put off. */
export async function clearUp(): Promise<void> {
  for (const work of works.splice(0).toReversed()) await work();
}
