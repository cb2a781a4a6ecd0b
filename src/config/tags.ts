import type { StringMap } from '../core/jobs/records.ts';
import type { ConfigFile } from './file.ts';
import { textMap } from './file.ts';
import type { Settings } from './settings.ts';

export type Tags = { readonly ok: true; readonly tags: StringMap } | { readonly ok: false; readonly problem: string };

/** `--tag` (or its variable or key) replaces the `tags` of the file; keys keep their case only in `--tag`, as in Dkron. */
export function readTags(settings: Settings, file: ConfigFile): Tags {
  const given = settings.list('tag');
  if (given.length > 0) return parseTags(given);
  const written = file.values.get('tags');
  if (written === undefined) return { ok: true, tags: {} };
  const tags = textMap(written);
  if (tags !== undefined) return { ok: true, tags: Object.fromEntries(tags) };
  return { ok: false, problem: `key tags in ${file.path}: expected a map of names to texts` };
}

/** Later ones win. The error text is Dkron's. */
function parseTags(given: readonly string[]): Tags {
  const tags = new Map<string, string>();
  for (const tag of given) {
    const equals = tag.indexOf('=');
    if (equals < 1) return { ok: false, problem: `config: Error unmarshalling cli tags: invalid tag: '${tag}'` };
    tags.set(tag.slice(0, equals), tag.slice(equals + 1));
  }
  return { ok: true, tags: Object.fromEntries(tags) };
}
