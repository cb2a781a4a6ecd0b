import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { environmentNames, type FlagDefinition, flags } from '../../src/config/flag-table.ts';
import { mergeSettings } from '../../src/config/settings.ts';
import { parseTexts } from '../../src/config/values.ts';
import { fakeConfigHost } from '../support/config-host.ts';

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const texts: Readonly<Record<FlagDefinition['kind'], fc.Arbitrary<string>>> = {
  string: word,
  bool: fc.constantFrom('true', 'false', '1', 'F'),
  int: fc.integer({ min: 0, max: 99_999 }).map(String),
  duration: fc.integer({ min: 0, max: 9_999 }).map((seconds) => `${seconds}s`),
  list: word,
};

/** Where a flag may be given, strongest first: command line, our variable, Dkron's variable, file. */
const flagWithSources = fc
  .constantFrom(...flags.filter(({ name }) => name !== 'config'))
  .chain((flag) => fc.tuple(fc.constant(flag), fc.array(fc.option(texts[flag.kind]), { minLength: 4, maxLength: 4 })));

const asText = (value: string | null | undefined): string | undefined => value ?? undefined;

describe('the precedence of sources', () => {
  it('is flag, CARILLON_ variable, DKRON_ variable, file, default, for every flag', () => {
    fc.assert(
      fc.property(flagWithSources, ([flag, sources]) => {
        const [flagText, ownText, dkronText, fileText] = sources.map(asText);
        const [ownName = '', dkronName = ''] = environmentNames(flag.name);
        const host = fakeConfigHost({
          environment: Object.fromEntries(
            [
              [ownName, ownText],
              [dkronName, dkronText],
            ].flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, value]])),
          ),
          files: fileText === undefined ? {} : { '/etc/dkron/dkron.json': JSON.stringify({ [flag.name]: fileText }) },
        });
        const settings = mergeSettings(
          new Map(flagText === undefined ? [] : [[flag.name, [flagText]]]),
          host,
          readConfigFile(host, ''),
        );
        const winner = flagText ?? ownText ?? dkronText ?? fileText;
        const sourceNames = [`--${flag.name}`, ownName, dkronName, `key ${flag.name} in /etc/dkron/dkron.json`];
        const winning = [flagText, ownText, dkronText, fileText].findIndex((text) => text !== undefined);
        expect(settings.source(flag.name)).toBe(sourceNames[winning] ?? null);
        const standard = flag.default === '' ? [] : [flag.default];
        const expected = parseTexts(flag, winner === undefined ? standard : [winner]);
        expect(expected.ok).toBe(true);
        expect(read(settings, flag)).toEqual(expected.ok && expected.value);
      }),
    );
  });
});

type Settings = ReturnType<typeof mergeSettings>;

function read(settings: Settings, flag: FlagDefinition): unknown {
  const readers = {
    string: settings.text,
    bool: settings.boolean,
    int: settings.integer,
    duration: settings.durationMs,
    list: settings.list,
  } as Readonly<Record<FlagDefinition['kind'], (name: string) => unknown>>;
  return readers[flag.kind].call(settings, flag.name);
}
