/** The beginning of a statement as it can stand in a comment: nothing in it begins or ends one. */
export function remark(statement: string): string {
  return statement
    .replaceAll(/\s+/g, " ")
    .slice(0, 200)
    .replaceAll(/[*/](?=[*/])/g, "$& ");
}
