import { isAbsolute, join } from 'node:path';
import { ConfigError, type Notice } from './errors.ts';
import { FileSyntaxError, formatReaders } from './file-formats.ts';
import { fileOnlyKeys, flags } from './flag-table.ts';
import type { ConfigHost } from './host.ts';
import { scalarText } from './values.ts';

/** A configuration file as read: keys in lower case, as Dkron's library has them. */
export interface ConfigFile {
  readonly path: string | null;
  readonly values: ReadonlyMap<string, unknown>;
  readonly notices: readonly Notice[];
}

const baseNames = ['carillon', 'dkron'] as const;
const knownKeys: ReadonlySet<string> = new Set([
  ...flags.map(({ name }) => name).filter((name) => name !== 'config'),
  ...fileOnlyKeys,
]);

/**
 * Reads the file that `--config` names, or else the first one found in the usual places. A file that can't be read is an
 * error: an operator who wrote one wants it obeyed (Dkron goes on with its defaults).
 */
export function readConfigFile(host: ConfigHost, explicitPath: string): ConfigFile {
  const path = explicitPath === '' ? undefined : resolvePath(host, explicitPath);
  if (path !== undefined) {
    const content = readText(host, path);
    if (content === undefined)
      throw new ConfigError([`${path}: there is no such file; --config must name one that exists`]);
    return parse(path, content);
  }
  for (const candidate of candidatePaths(host)) {
    const content = readText(host, candidate);
    if (content !== undefined) return parse(candidate, content);
  }
  const notices: Notice[] = [{ level: 'info', message: 'No valid config found: Applying default values.' }];
  return { path: null, values: new Map(), notices };
}

/** Where a file is looked for when `--config` names none, in this order. */
export function candidatePaths(host: ConfigHost): readonly string[] {
  const directories = [
    '/etc/carillon',
    '/etc/dkron',
    join(host.homeDirectory, '.carillon'),
    join(host.homeDirectory, '.dkron'),
    join(host.workingDirectory, 'config'),
  ];
  const endings = [...formatReaders.keys()];
  return baseNames.flatMap((name) =>
    directories.flatMap((directory) => endings.map((ending) => join(directory, `${name}.${ending}`))),
  );
}

export function resolvePath(host: ConfigHost, path: string): string {
  return isAbsolute(path) ? path : join(host.workingDirectory, path);
}

function readText(host: ConfigHost, path: string): string | undefined {
  try {
    return host.readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${path}: can't be read: ${reason}`]);
  }
}

function parse(path: string, content: string): ConfigFile {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const read = formatReaders.get(ending);
  if (read === null || read === undefined) {
    throw new ConfigError([`${path}: this format is not supported; write the file as .yaml, .json, .toml or .env`]);
  }
  try {
    return lowerKeys(path, read(content.replace(/^\uFEFF/, '')));
  } catch (error) {
    if (!(error instanceof FileSyntaxError)) throw error;
    const position = error.line > 0 ? `${path}:${error.line}` : path;
    throw new ConfigError([`${position}: ${error.message}; correct this line or remove the file`]);
  }
}

function lowerKeys(path: string, written: ReadonlyMap<string, unknown>): ConfigFile {
  const values = new Map<string, unknown>();
  const notices: Notice[] = [{ level: 'info', message: `Using config file ${path}` }];
  for (const [writtenKey, value] of written) {
    const key = writtenKey.toLowerCase();
    if (values.has(key)) throw new ConfigError([`${path}: key ${key} is given twice; keep one of them`]);
    if (!knownKeys.has(key)) {
      notices.push({ level: 'warn', message: `${path}: unknown key ${writtenKey} is ignored` });
    } else if (value !== null && value !== undefined) {
      values.set(key, value);
    }
  }
  return { path, values, notices };
}

/** A map of texts in a file, keys in lower case; undefined when it is something else. */
export function textMap(value: unknown): ReadonlyMap<string, string> | undefined {
  const maps = Array.isArray(value) ? value : [value];
  const result = new Map<string, string>();
  for (const map of maps) {
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return undefined;
    for (const [key, item] of Object.entries(map)) {
      const text = item === null ? '' : scalarText(item);
      if (text === undefined) return undefined;
      result.set(key.toLowerCase(), text);
    }
  }
  return result;
}
