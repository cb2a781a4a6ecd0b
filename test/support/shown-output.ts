/** What is different each time, and what stands for it in comparisons. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC \d{4}\b/g, '<time>'],
  [/\b\d{19}\b/g, '<stamp>'],
  [/\b\d+ ms\b|\b\d+\.\d s\b/g, '<duration>'],
];

export interface Comparison {
  /** Times are compared as they are: the commands fix them. */
  readonly exactTimes: boolean;
}

/** True if the commands name an instant themselves, so that what they show doesn't vary. */
export const fixesTimes = (commands: string): boolean => /from=\d{4}-/.test(commands);

/**
 * Whether `actual` is what a document shows. Blanks count as one, since columns are as wide as what is in them; `…`
 * stands for any text on its line, and for any lines when it is alone on one.
 */
export function isAsShown(shown: string, actual: string, { exactTimes }: Comparison): boolean {
  const pattern = normalise(shown, exactTimes)
    .split('\n')
    .map((line) => (line === '…' ? '(?:.*\n)*' : `${line.split('…').map(escaped).join('.*')}\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${normalise(actual, exactTimes)}\n`);
}

function normalise(text: string, exactTimes: boolean): string {
  const replaced = varying
    .filter(([, mark]) => !exactTimes || mark !== '<time>')
    .reduce((result, [pattern, mark]) => result.replaceAll(pattern, mark), text);
  return replaced
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .join('\n')
    .trim();
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
