/** Milliseconds since 1970, on the clock that the samples of the application use. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
