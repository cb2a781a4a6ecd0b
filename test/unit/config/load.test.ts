import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { flags } from '../../../src/config/flag-table.ts';
import { type LoadedConfig, loadConfig, reloadConfig } from '../../../src/config/load.ts';
import { type FakeMachine, fakeConfigHost, given } from '../../support/config-host.ts';

type Flags = Readonly<Record<string, string | readonly string[]>>;

const load = (flagsGiven: Flags = {}, machine: FakeMachine = {}): Promise<LoadedConfig> =>
  loadConfig(given({ server: 'true', ...flagsGiven }), fakeConfigHost(machine));

async function problems(flagsGiven: Flags, machine: FakeMachine = {}): Promise<readonly string[]> {
  try {
    await load(flagsGiven, machine);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the defaults', () => {
  it("are Dkron's, but for the HTTP address and the data directory", async () => {
    const { config, notices } = await load();
    expect(config).toEqual({
      nodeName: 'belfry',
      server: true,
      bindAddress: { host: '10.1.2.3', port: 8946 },
      advertiseAddress: { host: '10.1.2.3', port: 8946 },
      httpAddress: { host: '127.0.0.1', port: 8080 },
      rpcPort: 6868,
      advertiseRpcPort: 6868,
      profile: 'lan',
      raftMultiplier: 1,
      bootstrapExpect: 1,
      dataDirectory: '/work/carillon.data',
      datacenter: 'dc1',
      region: 'global',
      tags: {},
      logLevel: 'info',
      ui: true,
      threads: 'actors',
      executorMode: 'auto',
      outputLimitBytes: 256_000,
      maxExecutions: 0,
      stopGraceMs: 10_000,
      drainTimeoutMs: 10_800_000,
    });
    expect(notices).toEqual([{ level: 'info', message: 'No valid config found: Applying default values.' }]);
  });
});

describe('what a flag, a variable or a key may hold', () => {
  it.each<[Flags, object]>([
    [{ 'node-name': 'n0' }, { nodeName: 'n0' }],
    [{ 'http-addr': ':8080' }, { httpAddress: { host: '', port: 8080 } }],
    [{ 'http-addr': '[::1]:99' }, { httpAddress: { host: '::1', port: 99 } }],
    [{ 'http-addr': '{{ GetPrivateIP }}:80' }, { httpAddress: { host: '10.1.2.3', port: 80 } }],
    [{ 'bind-addr': '10.9.9.9' }, { bindAddress: { host: '10.9.9.9', port: 8946 } }],
    [{ 'bind-addr': '10.9.9.9:1' }, { advertiseAddress: { host: '10.9.9.9', port: 1 } }],
    [{ 'advertise-addr': '192.0.2.7' }, { advertiseAddress: { host: '192.0.2.7', port: 8946 } }],
    [{ 'advertise-rpc-port': '7000' }, { rpcPort: 6868, advertiseRpcPort: 7000 }],
    [{ 'raft-multiplier': '10' }, { raftMultiplier: 10 }],
    [{ 'bootstrap-expect': '1' }, { bootstrapExpect: 1 }],
    [{ profile: 'wan' }, { profile: 'wan' }],
    [{ 'log-level': 'PANIC' }, { logLevel: 'fatal' }],
    [{ 'log-level': 'loud' }, { logLevel: 'info' }],
    [{ ui: 'F' }, { ui: false }],
    [{ 'data-dir': '/var/lib/c' }, { dataDirectory: '/var/lib/c' }],
    [{ tag: ['a=b', 'Case=x=y,d='] }, { tags: { a: 'b', Case: 'x=y', d: '' } }],
    [{ tag: '"a=1,2",b=3' }, { tags: { a: '1,2', b: '3' } }],
    [{ tag: '__proto__=x' }, { tags: JSON.parse('{"__proto__":"x"}') }],
    [{ 'stop-grace': '1m30s' }, { stopGraceMs: 90_000 }],
    [{ 'max-executions': '4' }, { maxExecutions: 4 }],
    [{ 'drain-timeout': '0' }, { drainTimeoutMs: 0 }],
    [{ 'output-limit': '1' }, { outputLimitBytes: 1 }],
    [{ 'enable-prometheus': 'true', 'disable-usage-stats': 'true' }, {}],
    [
      { threads: 'compact', 'executor-mode': 'spawn' },
      { threads: 'compact', executorMode: 'spawn' },
    ],
    [{ 'mail-host': '', 'webhook-headers': [''], 'retry-interval': '30s', 'mail-subject-prefix': '[Dkron]' }, {}],
  ])('accepts %j', async (flagsGiven, expected) => {
    const { config } = await load(flagsGiven);
    expect(config).toMatchObject(expected);
  });

  it.each<[Flags, string]>([
    [{ 'raft-multiplier': '0' }, 'raft-multiplier cannot be 0. Must be between 1 and 10'],
    [{ 'raft-multiplier': '11' }, 'raft-multiplier cannot be 11. Must be between 1 and 10'],
    [{ 'raft-multiplier': 'x' }, '--raft-multiplier: "x" is not a whole number'],
    [{ profile: 'moon' }, '--profile: unknown profile: moon; use lan, wan, local'],
    [{ tag: ['nope'] }, "config: Error unmarshalling cli tags: invalid tag: 'nope'"],
    [{ tag: ['=x'] }, "config: Error unmarshalling cli tags: invalid tag: '=x'"],
    [{ tag: ['a="b'] }, '--tag: "a=\\"b" is not comma-separated values, with " only around a whole value'],
    [{ 'http-addr': '127.0.0.1' }, '--http-addr: 127.0.0.1 has no port; write host:port'],
    [{ 'http-addr': 'a:b:c' }, '--http-addr: a:b:c is no address; write host:port'],
    [{ 'http-addr': '127.0.0.1:65536' }, '--http-addr: port 65536 is above 65535'],
    [
      { 'http-addr': '{{ GetPublicIP }}:80' },
      '--http-addr: {{ GetPublicIP }} finds no such address on this machine; write the address itself',
    ],
    [
      { 'bind-addr': '{{ GetAllInterfaces }}' },
      '--bind-addr: {{ GetAllInterfaces }} is not supported; use {{ GetPrivateIP }}, {{ GetPublicIP }}, {{ GetInterfaceIP "name" }} or an address',
    ],
    [{ 'rpc-port': '70000' }, '--rpc-port: 70000 is not between 0 and 65535'],
    [{ 'bootstrap-expect': '-1' }, '--bootstrap-expect: -1 is not a number of servers; use 1'],
    [
      { 'stop-grace': '10' },
      '--stop-grace: "10" is not a duration such as 90s or 1h30m (time: missing unit in duration "10")',
    ],
    [{ 'stop-grace': '-1s' }, '--stop-grace: "-1s" is not a duration from 0s to 500h'],
    [{ 'drain-timeout': '501h' }, '--drain-timeout: "501h" is not a duration from 0s to 500h'],
    [{ 'max-executions': '-1' }, '--max-executions: -1 is not between 0 and 16384'],
    [{ 'output-limit': '0' }, '--output-limit: 0 is not between 1 and 4194304'],
    [{ ui: 'maybe' }, '--ui: "maybe" is not true or false'],
    [{ threads: 'many' }, '--threads: unknown value many; use actors, compact'],
    [{ 'node-name': 'a b' }, '--node-name: a name has 1 to 128 bytes, without white space and slashes'],
    [{ 'node-name': 'a'.repeat(129) }, '--node-name: a name has 1 to 128 bytes, without white space and slashes'],
    [{ 'data-dir': '' }, '--data-dir: it must not be empty'],
  ])('refuses %j', async (flagsGiven, problem) => {
    expect(await problems(flagsGiven)).toEqual([problem]);
  });

  it('tells all problems at once', async () => {
    expect(await problems({ profile: 'x', 'rpc-port': '-1', tag: 'x' })).toHaveLength(3);
  });
});

describe('what this version has not', () => {
  const later = flags.filter((flag) => flag.later !== undefined);
  const other = { string: 'x', bool: 'true', int: '7', duration: '7s', list: 'x' } as const;

  it.each(later.map((flag) => [flag.name, other[flag.kind]]))('refuses --%s %s by name', async (name, value) => {
    const [problem, ...more] = await problems({ [name]: value });
    expect(problem).toMatch(new RegExp(`^--${name}: .* not available in this version; remove this setting`));
    expect(more).toEqual([]);
  });

  it('refuses agents that are no servers, and clusters', async () => {
    const plain = await loadConfig(given({}), fakeConfigHost()).catch((error: unknown) => error);
    expect(String(plain)).toMatch(/servers only.*--server/);
    expect(await problems({ 'bootstrap-expect': '3' })).toEqual([
      expect.stringMatching(/^--bootstrap-expect: clusters of several nodes are not available/),
    ]);
  });

  it('names the variable or the key that was used', async () => {
    expect(await problems({}, { environment: { DKRON_MAIL_HOST: 'm' } })).toEqual([
      expect.stringMatching(/^DKRON_MAIL_HOST: /),
    ]);
    const file = { '/work/config/dkron.yml': 'join: [a]\ndevmode: true\nreconcileinterval: 1s\n' };
    expect(await problems({}, { files: file })).toEqual([
      expect.stringMatching(/^key join in \/work\/config\/dkron.yml: /),
      expect.stringMatching(/^key devmode in /),
      expect.stringMatching(/^key reconcileinterval in /),
    ]);
  });
});

describe('addresses of the machine', () => {
  it('fall back to every interface when there is no private one', async () => {
    const { config } = await load({}, { addresses: [] });
    expect(config.bindAddress).toEqual({ host: '', port: 8946 });
    expect(config.advertiseAddress).toEqual({ host: '127.0.0.1', port: 8946 });
  });

  it('are looked up for host names', async () => {
    const names = { tower: ['127.0.1.1', '10.5.5.5'], localhost: ['::1', '127.0.0.1'] };
    expect((await load({ 'bind-addr': 'tower' }, { names })).config.advertiseAddress.host).toBe('10.5.5.5');
    expect((await load({ 'bind-addr': 'localhost' }, { names })).config.advertiseAddress.host).toBe('::1');
    expect((await load({ 'bind-addr': 'nowhere' }, { names })).config.advertiseAddress.host).toBe('10.1.2.3');
  });

  it('warn loudly when the API is open to others', async () => {
    const open = await load({ 'http-addr': ':8080' });
    expect(open.notices).toContainEqual({ level: 'warn', message: expect.stringContaining('no authentication') });
    for (const safe of ['127.0.0.1:1', '[::1]:1', 'localhost:1', '127.9.9.9:1']) {
      expect((await load({ 'http-addr': safe })).notices.filter(({ level }) => level === 'warn')).toEqual([]);
    }
  });
});

describe('a reload', () => {
  it('takes over tags and names what needs a restart', async () => {
    const files = { '/work/config/carillon.yml': 'tags: { dc: east }\n' };
    const { config } = await load({}, { files });
    files['/work/config/carillon.yml'] = 'tags: { DC: west }\nlog-level: debug\nhttp-addr: 127.0.0.1:99\nui: false\n';
    const again = await reloadConfig(config, given({ server: 'true' }), fakeConfigHost({ files }));
    expect(again.config.tags).toEqual({ dc: 'west' });
    expect(again.needRestart).toEqual(['httpAddress', 'logLevel', 'ui']);
  });

  it('rejects a broken file', async () => {
    const { config } = await load();
    const host = fakeConfigHost({ files: { '/etc/carillon/carillon.json': '{' } });
    await expect(reloadConfig(config, given({ server: 'true' }), host)).rejects.toBeInstanceOf(ConfigError);
  });
});
