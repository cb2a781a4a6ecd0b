import type { ConfigHost, InterfaceAddress } from '../../src/config/host.ts';

/** A machine as data: files by absolute path, one private address unless told otherwise. */
export interface FakeMachine {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly addresses?: readonly InterfaceAddress[];
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly workingDirectory?: string;
}

export const privateAddress: InterfaceAddress = {
  interfaceName: 'eth0',
  address: '10.1.2.3',
  family: 4,
  loopback: false,
};
export const loopbackAddress: InterfaceAddress = {
  interfaceName: 'lo',
  address: '127.0.0.1',
  family: 4,
  loopback: true,
};

export function fakeConfigHost(machine: FakeMachine = {}): ConfigHost {
  return {
    environment: machine.environment ?? {},
    homeDirectory: '/home/ann',
    workingDirectory: machine.workingDirectory ?? '/work',
    hostName: 'belfry',
    readFile: (path) => machine.files?.[path],
    addresses: () => machine.addresses ?? [loopbackAddress, privateAddress],
    lookUp: async (host) => machine.names?.[host] ?? [],
  };
}

/** Flags as the command line gives them: a list of texts for each. */
export function given(flags: Readonly<Record<string, string | readonly string[]>>): ReadonlyMap<string, string[]> {
  return new Map(Object.entries(flags).map(([name, value]) => [name, [value].flat()]));
}
