/**
 * English plurals as Rails forms them, since it names tables by them (Active Support, Inflector). Rails keeps its rules frozen, the
 * wrong ones included, and so does this: `leaf` becomes `leafs` in both.
 */
type Rule = readonly [ending: RegExp, replacement: string];

const UNCOUNTABLE = /\b(?:equipment|fish|information|jeans|money|police|rice|series|sheep|species)$/i;

const IRREGULAR: readonly (readonly [singular: string, plural: string])[] = [
  ["person", "people"],
  ["child", "children"],
  ["zombie", "zombies"],
  ["move", "moves"],
  ["sex", "sexes"],
  ["man", "men"],
];

/** The first rule that fits counts. */
const PLURAL: readonly Rule[] = [
  [/quiz$/i, "quizzes"],
  [/^ox(?:en)?$/i, "oxen"],
  [/^([ml])(?:ouse|ice)$/i, "$1ice"],
  [/(matr|vert|ind)(?:ix|ex)$/i, "$1ices"],
  [/(x|ch|ss|sh)$/i, "$1es"],
  [/([^aeiouy]|qu)y$/i, "$1ies"],
  [/([^f])fe$/i, "$1ves"],
  [/([lr])f$/i, "$1ves"],
  [/sis$/i, "ses"],
  [/([ti])(?:um|a)$/i, "$1a"],
  [/(buffal|tomat)o$/i, "$1oes"],
  [/(bus|alias|status)$/i, "$1es"],
  [/(octop|vir)(?:us|i)$/i, "$1i"],
  [/^(ax|test)is$/i, "$1es"],
  [/s$/i, "s"],
  [/$/, "s"],
];

const SINGULAR: readonly Rule[] = [
  [/(database)s$/i, "$1"],
  [/(quiz)zes$/i, "$1"],
  [/(matr)ices$/i, "$1ix"],
  [/(vert|ind)ices$/i, "$1ex"],
  [/^(ox)en/i, "$1"],
  [/(alias|status)(?:es)?$/i, "$1"],
  [/(octop|vir)(?:us|i)$/i, "$1us"],
  [/^ax[ie]s$/i, "axis"],
  [/(cris|test)(?:is|es)$/i, "$1is"],
  [/(shoe)s$/i, "$1"],
  [/(o)es$/i, "$1"],
  [/(bus)(?:es)?$/i, "$1"],
  [/^([ml])ice$/i, "$1ouse"],
  [/(x|ch|ss|sh)es$/i, "$1"],
  [/(movie|series)s?$/i, "$1"],
  [/([^aeiouy]|qu)ies$/i, "$1y"],
  [/([lr])ves$/i, "$1f"],
  [/(tive|hive)s$/i, "$1"],
  [/([^f])ves$/i, "$1fe"],
  [/(analy|ba|diagno|parenthe|progno|synop|the)s[ie]s$/i, "$1sis"],
  [/([ti])a$/i, "$1um"],
  [/(news|ss)$/i, "$1"],
  [/s$/i, ""],
];

/** The plural of a word; the last word of a snake_case name is what changes. A plural stays as it is. */
export function pluralise(word: string): string {
  if (word === "" || UNCOUNTABLE.test(word)) return word;
  return irregular(word, "plural") ?? firstFitting(PLURAL, word);
}

/** The singular of a word; a singular stays as it is. */
export function singularise(word: string): string {
  if (word === "" || UNCOUNTABLE.test(word)) return word;
  return irregular(word, "singular") ?? firstFitting(SINGULAR, word);
}

function irregular(word: string, wanted: "singular" | "plural"): string | null {
  for (const [singular, plural] of IRREGULAR) {
    const ending = [plural, singular].find((form) => word.toLowerCase().endsWith(form));
    if (ending === undefined) continue;
    const form = wanted === "plural" ? plural : singular;
    return word.slice(0, -ending.length) + word.slice(-ending.length)[0] + form.slice(1);
  }
  return null;
}

function firstFitting(rules: readonly Rule[], word: string): string {
  const rule = rules.find(([ending]) => ending.test(word));
  return rule === undefined ? word : word.replace(...rule);
}
