import { assert } from '../core/assert.ts';
import { ConfigError, type Notice } from './errors.ts';
import type { ConfigFile } from './file.ts';
import { environmentNames, type FlagDefinition, type FlagNameOf, flags } from './flag-table.ts';
import type { ConfigHost } from './host.ts';
import { type Parsed, parseFileValue, parseTexts, type SettingValue, splitUnquoted } from './values.ts';

/** Flags as given on the command line: by name, one text per occurrence. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

interface Setting {
  readonly value: SettingValue;
  /** Where it was given, for messages; null: nowhere, it is the default. */
  readonly source: string | null;
}

/** The value of every flag: command line before environment before file before default. */
export class Settings {
  readonly #settings: ReadonlyMap<string, Setting>;

  constructor(settings: ReadonlyMap<string, Setting>) {
    this.#settings = settings;
  }

  text(name: FlagNameOf<'string'>): string {
    const value = this.#value(name);
    assert(typeof value === 'string', `flag ${name} is a text`);
    return value;
  }

  boolean(name: FlagNameOf<'bool'>): boolean {
    const value = this.#value(name);
    assert(typeof value === 'boolean', `flag ${name} is a boolean`);
    return value;
  }

  integer(name: FlagNameOf<'int'>): number {
    return this.#number(name);
  }

  durationMs(name: FlagNameOf<'duration'>): number {
    return this.#number(name);
  }

  list(name: FlagNameOf<'list'>): readonly string[] {
    const value = this.#value(name);
    assert(typeof value === 'object', `flag ${name} is a list`);
    return value;
  }

  /** Where a flag was given, such as `--tag` or `DKRON_TAG`; null when it has its default. */
  source(name: string): string | null {
    return this.#settings.get(name)?.source ?? null;
  }

  /** True when the value is the default one, also if somebody wrote it out. */
  isDefault(flag: FlagDefinition): boolean {
    const standard = parseTexts(flag, flag.default === '' && flag.kind === 'list' ? [] : [flag.default]);
    return standard.ok && String(standard.value) === String(this.#value(flag.name));
  }

  #number(name: string): number {
    const value = this.#value(name);
    assert(typeof value === 'number', `flag ${name} is a number`);
    return value;
  }

  #value(name: string): SettingValue {
    const setting = this.#settings.get(name);
    assert(setting !== undefined, `flag ${name} has a value`);
    return setting.value;
  }
}

/** Finds each flag's value and where it comes from. Throws `ConfigError` naming every value that can't be read. */
export function mergeSettings(given: GivenFlags, host: ConfigHost, file: ConfigFile): Settings {
  const problems: string[] = [];
  const settings = new Map<string, Setting>();
  for (const flag of flags) {
    const { parsed, source, written } = findValue(flag, given, host, file);
    if (parsed.ok) settings.set(flag.name, { value: parsed.value, source });
    else problems.push(`${source ?? flag.name}: ${JSON.stringify(written)} is not ${parsed.expected}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return new Settings(settings);
}

interface Found {
  readonly parsed: Parsed<SettingValue>;
  readonly source: string | null;
  readonly written: unknown;
}

function findValue(flag: FlagDefinition, given: GivenFlags, host: ConfigHost, file: ConfigFile): Found {
  const texts = given.get(flag.name);
  if (texts !== undefined) {
    return { parsed: parseTexts(flag, texts), source: `--${flag.name}`, written: texts.at(-1) };
  }
  for (const name of environmentNames(flag.name)) {
    const text = host.environment[name];
    if (text === undefined || text === '') continue;
    const parsed: Parsed<SettingValue> =
      flag.kind === 'list' ? { ok: true, value: splitUnquoted(flag.name, text) } : parseTexts(flag, [text]);
    return { parsed, source: name, written: text };
  }
  const value = file.values.get(flag.name);
  if (value !== undefined) {
    return { parsed: parseFileValue(flag, value), source: `key ${flag.name} in ${file.path}`, written: value };
  }
  return { parsed: parseTexts(flag, flag.default === '' ? [] : [flag.default]), source: null, written: flag.default };
}

/** The configuration file's path has to be known before the file: from the command line or the environment. */
export function configPath(given: GivenFlags, host: ConfigHost): string {
  const fromEnvironment = environmentNames('config').map((name) => host.environment[name]);
  return [given.get('config')?.at(-1), ...fromEnvironment].find((path) => path !== undefined && path !== '') ?? '';
}

/**
 * Given to jobs by Carillon itself, read by other commands than `agent` or by tests' faults, or made up by container platforms for a
 * service of that name: no typing errors.
 */
const foreignVariable = /^CARILLON_(API|JOB_NAME|EXECUTION_ID|SCHEDULED_AT|ATTEMPT|TEST_FAULTS|SERVICE_.*|PORT(_.*)?)$/;

/** A misspelt variable would be ignored in silence otherwise. */
export function unknownVariables(host: ConfigHost): readonly Notice[] {
  const known = new Set(flags.flatMap(({ name }) => environmentNames(name)));
  return Object.keys(host.environment)
    .filter((name) => name.startsWith('CARILLON_') && !known.has(name) && !foreignVariable.test(name))
    .sort()
    .map((name) => ({ level: 'warn', message: `environment variable ${name} names no setting and is ignored` }));
}
