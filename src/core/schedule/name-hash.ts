import { type FieldKind, type FieldName, fieldKinds } from './field.ts';

/** Sum of the code points of a job's name: what Dkron puts for `~`. */
function codePointSum(name: string): number {
  let sum = 0;
  for (const character of name) sum += character.codePointAt(0) ?? 0;
  return sum;
}

/** What `~` is at a position among the blank-separated parts; beyond the six fields, as a second. */
function tildeValue(sum: number, position: number): number {
  switch (position) {
    case 2:
      return sum % 24;
    case 3:
      return (sum % 28) + 1;
    case 4:
      return (sum % 12) + 1;
    case 5:
      return sum % 7;
    default:
      return sum % 60;
  }
}

/**
 * Replaces each `~` by a number made from the job's name (dkron-v4 3.4). Positions are counted between single blanks,
 * so that two blanks in a row shift what follows, as in Dkron; with a descriptor anywhere nothing is replaced.
 */
export function replaceTildes(spec: string, jobName: string): string {
  if (!spec.includes('~')) return spec;
  const parts = spec.split(' ');
  if (parts.some((part) => part.startsWith('@'))) return spec;
  const sum = codePointSum(jobName);
  let position = 0;
  const replaced = parts.map((part) => {
    if (part.startsWith('TZ=') || part.startsWith('CRON_TZ=')) return part;
    const value = tildeValue(sum, position).toString();
    position += 1;
    return part.replaceAll('~', value);
  });
  return replaced.join(' ');
}

/** FNV-1a over the name, one stream per field, then MurmurHash3's 32-bit finaliser: a bit of input changes all. */
function mixedHash(name: string, stream: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${name}\0${stream}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const hashItem = /^H(?:\(([0-9]{1,2})-([0-9]{1,2})\))?(?:\/([0-9]{1,3}))?$/;

/**
 * Replaces the items `H`, `H(a-b)`, `H/n` and `H(a-b)/n` of a field by plain ones made from the job's name; unlike
 * `~`, fields differ from each other and steps start anywhere within the first step. Null: no such item, or one
 * whose range or step the field can't have.
 */
export function replaceHashItems(text: string, fieldName: FieldName, jobName: string): string | null {
  const items = text.split(',');
  if (!items.some((item) => item.startsWith('H'))) return null;
  const replaced: string[] = [];
  for (const item of items) {
    const plain = item.startsWith('H') ? plainItem(item, fieldKinds[fieldName], mixedHash(jobName, fieldName)) : item;
    if (plain === null) return null;
    replaced.push(plain);
  }
  return replaced.join(',');
}

function plainItem(item: string, kind: FieldKind, hash: number): string | null {
  const found = hashItem.exec(item);
  if (found === null) return null;
  const [, lowText, highText, stepText] = found;
  const low = lowText === undefined ? kind.least : Number(lowText);
  const high = highText === undefined ? kind.hashMost : Number(highText);
  if (low < kind.least || high > kind.most || low > high) return null;
  const count = high - low + 1;
  if (stepText === undefined) return (low + (hash % count)).toString();
  const step = Number(stepText);
  return step === 0 ? null : `${low + (hash % Math.min(step, count))}-${high}/${step}`;
}
