import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { parseGoBool, parseGoInteger } from '../go-values.ts';

type Config = Readonly<Record<string, string>>;

/** The part of a job's config that its HTTP client is made from, as written. */
const clientKeys = [
  'timeout',
  'tlsNoVerifyPeer',
  'tlsRootCAsFile',
  'tlsCertificateFile',
  'tlsCertificateKeyFile',
] as const;

const defaultTimeoutSeconds = 30n;
/** The longest delay of a timer; a run of 24 days is not ended earlier by anything else. */
const longestTimeoutMs = 2 ** 31 - 1;

export interface ClientSettings {
  /** For the whole exchange, redirects and body included; null: none. */
  readonly timeoutMs: number | null;
  readonly verifyPeer: boolean;
  /** PEM; null: those of the system. */
  readonly rootCertificates: Buffer | null;
  readonly clientCertificate: { readonly certificate: Buffer; readonly key: Buffer } | null;
  /** What could not be used, as the lines of output that say so. */
  readonly warnings: readonly string[];
}

/** Jobs with the same key share a client and its connections. */
export const clientKey = (config: Config): string => JSON.stringify(clientKeys.map((name) => config[name] ?? ''));

/** Bad values are replaced by the default and warned of, as in Dkron. */
export function readClientSettings(config: Config): ClientSettings {
  const warnings: string[] = [];
  const warn = (text: string): void => {
    warnings.push(`Warning: ${text}.\n`);
  };
  return {
    timeoutMs: readTimeout(config.timeout ?? '', warn),
    verifyPeer: !readNoVerify(config.tlsNoVerifyPeer ?? '', warn),
    clientCertificate: readCertificate(config.tlsCertificateFile ?? '', config.tlsCertificateKeyFile ?? '', warn),
    rootCertificates: readRoots(config.tlsRootCAsFile ?? '', warn),
    warnings,
  };
}

type Warn = (text: string) => void;

/** Whole seconds; none and less than none mean no limit, as for Go's client. */
function readTimeout(text: string, warn: Warn): number | null {
  const parsed = parseGoInteger(text);
  if (text !== '' && !parsed.ok) warn(`invalid timeout value: ${parsed.message}`);
  const seconds = parsed.ok ? parsed.value : defaultTimeoutSeconds;
  if (seconds <= 0n) return null;
  return Math.min(Number(seconds) * 1000, longestTimeoutMs);
}

function readNoVerify(text: string, warn: Warn): boolean {
  const parsed = parseGoBool(text);
  if (text !== '' && !parsed.ok) warn(`not disabling certificate validation: ${parsed.message}`);
  return parsed.ok && parsed.value;
}

function readCertificate(file: string, keyFile: string, warn: Warn): ClientSettings['clientCertificate'] {
  if (file === '') return null;
  try {
    const pair = { certificate: readPem(file), key: readPem(keyFile) };
    createSecureContext({ cert: pair.certificate, key: pair.key });
    return pair;
  } catch (error) {
    warn(`not using client certificate: ${messageOf(error)}`);
    return null;
  }
}

function readRoots(file: string, warn: Warn): Buffer | null {
  if (file === '') return null;
  try {
    const roots = readPem(file);
    if (!roots.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`no certificate found in ${file}`);
    createSecureContext({ ca: roots });
    return roots;
  } catch (error) {
    warn(`using system root CAs instead of configured CAs: ${messageOf(error)}`);
    return null;
  }
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
};

/** Raises an error with Go's text: `open /x: no such file or directory`. */
function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EISDIR') throw new Error(`read ${file}: is a directory`);
    throw new Error(`open ${file}: ${fileErrors[code] ?? messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
