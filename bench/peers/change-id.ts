/** The id of the n-th change, from 0: versions are seconds, one after the other. */
export function idOf(index: number, name: string): string {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 1000);
  return `${at.toISOString().slice(0, 19).replaceAll(/\D/g, "")}_${name}`;
}
