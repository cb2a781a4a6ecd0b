import { lookup } from 'node:dns/promises';
import { readFileSync, statSync } from 'node:fs';
import { homedir, hostname, networkInterfaces } from 'node:os';
import { limits } from '../core/limits.ts';

export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly loopback: boolean;
}

/** What reading the settings sees of the machine; given as data by tests. */
export interface ConfigHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly workingDirectory: string;
  readonly hostName: string;
  /** Content of a file, undefined when there is none; throws when it can't be read. */
  readFile(path: string): string | undefined;
  /** Addresses of this machine, those of the interface with the default route first. */
  addresses(): readonly InterfaceAddress[];
  /** Addresses of a host name; empty when it is unknown. */
  lookUp(host: string): Promise<readonly string[]>;
}

export function systemConfigHost(): ConfigHost {
  return {
    environment: process.env,
    homeDirectory: homedir(),
    workingDirectory: process.cwd(),
    hostName: hostname(),
    readFile: readBoundedFile,
    addresses: systemAddresses,
    lookUp: async (host) => {
      const found = await lookup(host, { all: true }).catch(() => []);
      return found.map(({ address }) => address);
    },
  };
}

function readBoundedFile(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if (!status.isFile()) throw new Error('it is not a file');
  if (status.size > limits.configFileBytes) throw new Error(`it is larger than ${limits.configFileBytes} bytes`);
  return readFileSync(path, 'utf8');
}

function systemAddresses(): readonly InterfaceAddress[] {
  const first = defaultRouteInterface();
  const found = Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses]) =>
    (addresses ?? []).map(
      ({ address, family, internal }): InterfaceAddress => ({
        interfaceName,
        address,
        family: family === 'IPv4' ? 4 : 6,
        loopback: internal,
      }),
    ),
  );
  return [
    ...found.filter(({ interfaceName }) => interfaceName === first),
    ...found.filter(({ interfaceName }) => interfaceName !== first),
  ];
}

/** Linux lists its routes in a file; the default route has destination 0. Elsewhere the system's order decides. */
function defaultRouteInterface(): string | undefined {
  let table: string;
  try {
    table = readFileSync('/proc/net/route', 'utf8');
  } catch {
    return undefined;
  }
  return table
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([, destination]) => destination === '00000000')?.[0];
}
