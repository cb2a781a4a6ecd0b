import { limits } from '../core/limits.ts';
import { nodeName } from '../core/units.ts';
import type { LogLevel } from '../runtime/types.ts';
import {
  type Address,
  type AddressResult,
  defaultGossipPort,
  formatAddress,
  isLoopback,
  resolveAddress,
  resolveAdvertised,
} from './addresses.ts';
import type { AgentConfig } from './agent-config.ts';
import { ConfigError, type Notice } from './errors.ts';
import { type ConfigFile, resolvePath } from './file.ts';
import type { FlagNameOf } from './flag-table.ts';
import type { ConfigHost } from './host.ts';
import { refusals } from './refusals.ts';
import type { Settings } from './settings.ts';
import { readTags } from './tags.ts';

const logLevels: ReadonlyMap<string, LogLevel> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['warning', 'warn'],
  ['error', 'error'],
  ['fatal', 'fatal'],
  ['panic', 'fatal'],
]);

/** Turns settings into a config, collecting problems, so that an operator sees all of them at once. */
export class ConfigReader {
  readonly notices: Notice[] = [];
  readonly #problems: string[] = [];
  readonly #host: ConfigHost;
  readonly #settings: Settings;
  readonly #file: ConfigFile;

  constructor(host: ConfigHost, settings: Settings, file: ConfigFile) {
    this.#host = host;
    this.#settings = settings;
    this.#file = file;
  }

  async read(): Promise<AgentConfig> {
    const settings = this.#settings;
    this.#problems.push(...refusals(settings, this.#file));
    const bindAddress = this.#bindAddress();
    const rpcPort = this.#integer('rpc-port', 0, 65_535);
    const advertisedRpcPort = this.#integer('advertise-rpc-port', 0, 65_535);
    const config: AgentConfig = {
      nodeName: nodeName(this.#nodeName()),
      server: settings.boolean('server'),
      bindAddress,
      advertiseAddress: this.#address(
        'advertise-addr',
        await resolveAdvertised(this.#host, settings.text('advertise-addr'), bindAddress),
      ),
      httpAddress: this.#httpAddress(),
      rpcPort,
      advertiseRpcPort: advertisedRpcPort > 0 ? advertisedRpcPort : rpcPort,
      profile: this.#choice('profile', ['lan', 'wan', 'local'], (value) => `unknown profile: ${value}`),
      raftMultiplier: this.#raftMultiplier(),
      bootstrapExpect: this.#bootstrapExpect(),
      dataDirectory: resolvePath(this.#host, this.#required('data-dir')),
      datacenter: settings.text('datacenter'),
      region: settings.text('region'),
      tags: this.#tags(),
      logLevel: this.#logLevel(),
      ui: settings.boolean('ui'),
      threads: this.#choice('threads', ['actors', 'compact']),
      executorMode: this.#choice('executor-mode', ['auto', 'spawn']),
      outputLimitBytes: this.#integer('output-limit', 1, limits.outputLimitBytes),
      maxExecutions: this.#integer('max-executions', 0, limits.executionsPerWorker),
      stopGraceMs: settings.durationMs('stop-grace'),
      drainTimeoutMs: settings.durationMs('drain-timeout'),
    };
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
    return config;
  }

  #nodeName(): string {
    const name = this.#settings.text('node-name') || this.#host.hostName;
    const bytes = Buffer.byteLength(name);
    const allowed = bytes > 0 && bytes <= limits.nodeNameBytes && !/[\p{Cc}\p{Cs}/\s]/u.test(name);
    if (!allowed) {
      this.#refuse('node-name', `a name has 1 to ${limits.nodeNameBytes} bytes, without white space and slashes`);
    }
    return name;
  }

  #bindAddress(): Address {
    const result = resolveAddress(this.#host, this.#settings.text('bind-addr'), defaultGossipPort);
    const unset = this.#settings.source('bind-addr') === null;
    // A machine without a private address listens everywhere, as with Dkron's template that finds nothing.
    if (!result.ok && unset) return { host: '', port: defaultGossipPort };
    return this.#address('bind-addr', result);
  }

  #httpAddress(): Address {
    const result = resolveAddress(this.#host, this.#settings.text('http-addr'), null);
    if (result.ok && !isLoopback(result.address.host)) {
      const address = formatAddress(result.address);
      this.notices.push({
        level: 'warn',
        message: `THE HTTP API ON ${address} IS OPEN TO EVERYBODY WHO REACHES IT, and whoever reaches it can run any command on this machine: there is no authentication. Use --http-addr 127.0.0.1:8080, or a firewall or proxy that authenticates.`,
      });
    }
    return this.#address('http-addr', result);
  }

  #address(flag: FlagNameOf<'string'>, result: AddressResult): Address {
    if (result.ok) return result.address;
    this.#refuse(flag, result.problem);
    return { host: '', port: 0 };
  }

  #required(flag: FlagNameOf<'string'>): string {
    const value = this.#settings.text(flag);
    if (value === '') this.#refuse(flag, 'it must not be empty');
    return value;
  }

  #integer(flag: FlagNameOf<'int'>, least: number, most: number): number {
    const value = this.#settings.integer(flag);
    if (value < least || value > most) this.#refuse(flag, `${value} is not between ${least} and ${most}`);
    return value;
  }

  #choice<Choice extends string>(
    flag: FlagNameOf<'string'>,
    choices: readonly [Choice, ...Choice[]],
    problem = (value: string): string => `unknown value ${value}`,
  ): Choice {
    const value = this.#settings.text(flag);
    const choice = choices.find((known) => known === value);
    if (choice === undefined) this.#refuse(flag, `${problem(value)}; use ${choices.join(', ')}`);
    return choice ?? choices[0];
  }

  /** The text is Dkron's. */
  #raftMultiplier(): number {
    const value = this.#settings.integer('raft-multiplier');
    if (value < 1 || value > 10) {
      this.#problems.push(`raft-multiplier cannot be ${value}. Must be between 1 and 10`);
    }
    return value;
  }

  /** More are refused before (refusals.ts). Without the flag Dkron's server waits for others; here there are none. */
  #bootstrapExpect(): number {
    const value = this.#settings.integer('bootstrap-expect');
    if (value < 0) this.#refuse('bootstrap-expect', `${value} is not a number of servers; use 1`);
    return 1;
  }

  #tags(): AgentConfig['tags'] {
    const result = readTags(this.#settings, this.#file);
    if (result.ok) return result.tags;
    this.#problems.push(result.problem);
    return {};
  }

  #logLevel(): LogLevel {
    const written = this.#settings.text('log-level');
    const level = logLevels.get(written.toLowerCase());
    if (level === undefined) {
      this.notices.push({ level: 'warn', message: `unknown log level ${JSON.stringify(written)}: using info` });
    }
    return level ?? 'info';
  }

  #refuse(flag: string, problem: string): void {
    this.#problems.push(`${this.#settings.source(flag) ?? `--${flag}`}: ${problem}`);
  }
}
