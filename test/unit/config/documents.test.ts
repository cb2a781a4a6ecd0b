import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type FlagDefinition, flags } from '../../../src/config/flag-table.ts';

const path = 'docs/configuration.md';
const begin = '<!-- flags: made from src/config/flag-table.ts by UPDATE_DOCS=1 npm test -- documents.test.ts -->\n';
const end = '<!-- end of flags -->';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row({ name, kind, default: standard, help }: FlagDefinition): string {
  return `| \`--${name}\` | ${kind} | ${standard === '' ? '' : `\`${cell(standard)}\``} | ${cell(help)} |`;
}

/** The tables of the document: what can be set, and what this version refuses. */
function tables(): string {
  const head = '| Flag | Type | Default | Meaning |\n|---|---|---|---|\n';
  const [now, later] = [flags.filter((flag) => !flag.later), flags.filter((flag) => flag.later)];
  const rows = (shown: readonly FlagDefinition[]): string => `${head}${shown.map(row).join('\n')}\n`;
  return `\n${rows(now)}\nNot available in this version; a value other than the default stops the start with a sentence that says so:\n\n${rows(later)}\n`;
}

describe('docs/configuration.md', () => {
  it('lists every flag as it is', () => {
    const text = readFileSync(path, 'utf8');
    const [before, rest = ''] = text.split(begin);
    const [shown, after] = rest.split(end);
    if (process.env.UPDATE_DOCS === '1') {
      writeFileSync(path, `${before}${begin}${tables()}${end}${after}`);
    } else {
      expect(shown).toBe(tables());
    }
  });
});
