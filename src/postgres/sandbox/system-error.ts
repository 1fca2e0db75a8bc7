/** Whether something that was thrown carries one of these system error codes, such as `ENOENT` (errno(3)). */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && "code" in thrown && codes.includes(String(thrown.code));
}
