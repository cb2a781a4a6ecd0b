import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  formatGoUrl,
  parseGoUrl,
  requestTarget,
  resolveGoUrl,
} from '../../../src/executors/http/go-url.ts';

interface RequestVector {
  readonly url: string;
  readonly error: string;
  readonly text?: string;
  readonly target?: string;
  readonly authorization?: string;
}

const vectors = JSON.parse(readFileSync(new URL('../../fixtures/go-urls.json', import.meta.url), 'utf8')) as {
  readonly requests: readonly RequestVector[];
  readonly resolutions: readonly { readonly base: string; readonly ref: string; readonly text: string }[];
};

const parse = (text: string) => {
  const parsed = parseGoUrl(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.url;
};

describe('a URL is read and written as by Go', () => {
  it.each(vectors.requests.map((vector) => [vector.url, vector] as const))('%j', (text, vector) => {
    const parsed = parseGoUrl(text);
    if (!parsed.ok) {
      expect(parsed.message).toBe(vector.error);
      return;
    }
    expect(vector.text).toBe(formatGoUrl(parsed.url));
    expect(vector.error).toContain(`Get "${formatGoUrl(parsed.url, true).replaceAll('"', '\\"')}": `);
    expect(basicAuthorization(parsed.url)).toBe(vector.authorization ?? null);
    if (vector.error.endsWith('DIAL')) {
      expect(Buffer.from(requestTarget(parsed.url), 'latin1').toString()).toBe(vector.target);
    }
  });
});

describe('a reference is resolved as by Go', () => {
  it.each(vectors.resolutions)('$ref at $base', ({ base, ref, text }) => {
    expect(formatGoUrl(resolveGoUrl(parse(base), parse(ref)))).toBe(text);
  });
});
