import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/errors.ts';
import { candidatePaths } from '../../../src/config/file.ts';
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts';
import { type FakeMachine, fakeConfigHost, given } from '../../support/config-host.ts';

const flags = given({ server: 'true' });
const load = (machine: FakeMachine, config?: string): Promise<LoadedConfig> =>
  loadConfig(config === undefined ? flags : given({ server: 'true', config }), fakeConfigHost(machine));

async function problemOf(path: string, content: string): Promise<string> {
  try {
    await load({ files: { [path]: content } }, path);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'none';
}

describe('formats', () => {
  const expected = { region: 'eu', rpcPort: 7000, ui: false, tags: { dc: 'east', rack: '7' } };

  it.each([
    ['yaml', 'Region: eu\nrpc-port: 7000\nUI: false\ntags:\n  DC: east\n  rack: 7\n'],
    ['yml', '\uFEFFregion: eu\nrpc-port: "7000"\nui: "false"\ntags: [{dc: east}, {rack: 7}]\n'],
    ['json', '{"region": "eu", "rpc-port": 7000, "ui": false, "tags": {"dc": "east", "Rack": 7}}'],
    ['toml', 'region = "eu"\nrpc-port = 7000\nui = false\n[tags]\ndc = "east"\nrack = 7\n'],
    ['env', '# region\nexport DKRON_REGION=\'eu\'\nCARILLON_RPC_PORT=7000 # port\nui="false"\ntag=dc=east rack=7\n'],
    ['dotenv', 'REGION=eu\r\nRPC_PORT=7000\r\nUI=f\r\nTAG="dc=east\\track=7"\r\n'],
  ])('reads .%s', async (ending, content) => {
    const { config, notices } = await load({ files: { [`/work/config/dkron.${ending}`]: content } });
    expect(config).toMatchObject(expected);
    expect(notices).toEqual([{ level: 'info', message: `Using config file /work/config/dkron.${ending}` }]);
  });

  it.each([
    ['/c.yaml', 'region: eu: x\n', /^\/c\.yaml:\d: .*; correct this line or remove the file$/],
    ['/c.yaml', 'a: 1\nregion: "eu\n', /^\/c\.yaml:3: Missing closing "quote/],
    ['/c.yaml', 'a: 1\na: 2\n', /^\/c\.yaml:2: Map keys must be unique/],
    ['/c.yaml', '- a\n', /^\/c\.yaml:1: expected keys and values/],
    ['/c.json', '{\n"region": eu }', /^\/c\.json:2: Unresolved plain scalar/],
    ['/c.json', '{\n"region": "eu",\n}', /^\/c\.json:3: /],
    ['/c.json', '{"region": "eu", "region": "us"}', /^\/c\.json:1: Map keys must be unique/],
    ['/c.json', '[]', /^\/c\.json:1: expected keys and values/],
    ['/c.toml', 'a = 1\nregion = eu\n', /^\/c\.toml:2: Invalid TOML document/],
    ['/c.env', 'A=1\nwhat\n', /^\/c\.env:2: expected NAME=value/],
    ['/c.env', 'UI=1\nDKRON_UI=0\n', /^\/c\.env:2: DKRON_UI is given twice/],
    ['/c.ini', 'a=1', /^\/c\.ini: this format is not supported; write the file as/],
    ['/c', 'a: 1', /^\/c: this format is not supported/],
    ['/c.yaml', 'Region: eu\nregion: us\n', /^\/c\.yaml: key region is given twice/],
    ['/c.yaml', 'rpc-port: [1]\n', /^key rpc-port in \/c\.yaml: \[1\] is not a single value$/],
    ['/c.yaml', 'rpc-port: 1.5\n', /^key rpc-port in \/c\.yaml: 1.5 is not a whole number$/],
    ['/c.yaml', 'tag: [{a: b}]\n', /^key tag in \/c\.yaml: .* is not a list of single values$/],
    ['/c.yaml', 'tags: nope\n', /^key tags in \/c\.yaml: expected a map of names to texts$/],
  ])('refuses %s %j', async (path, content, problem) => {
    expect(await problemOf(path, content)).toMatch(problem);
  });

  it('warns of keys that it does not know', async () => {
    const { notices } = await load({ files: { '/etc/dkron/dkron.yml': 'Servr: true\nwebhook: {url: x}\n' } });
    expect(notices.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      '/etc/dkron/dkron.yml: unknown key Servr is ignored',
      '/etc/dkron/dkron.yml: unknown key webhook is ignored',
    ]);
  });
});

describe('places', () => {
  it('are searched by name, then directory, then format', () => {
    const paths = candidatePaths(fakeConfigHost());
    expect(paths[0]).toBe('/etc/carillon/carillon.json');
    const order = [
      '/etc/carillon/carillon.json',
      '/etc/carillon/carillon.toml',
      '/etc/carillon/carillon.yaml',
      '/etc/dkron/carillon.yml',
      '/home/ann/.carillon/carillon.yml',
      '/home/ann/.dkron/carillon.yml',
      '/work/config/carillon.env',
      '/etc/carillon/dkron.json',
      '/work/config/dkron.yml',
    ];
    expect(paths.filter((path) => order.includes(path))).toEqual(order);
  });

  it('count for the first file only', async () => {
    const files = { '/etc/dkron/dkron.yml': 'region: second\n', '/work/config/carillon.yml': 'region: first\n' };
    expect((await load({ files })).config.region).toBe('first');
  });

  it('are left aside when --config or its variable names a file', async () => {
    const files = { '/work/config/carillon.yml': 'region: place\n', '/work/my.yml': 'region: named\n' };
    expect((await load({ files }, 'my.yml')).config.region).toBe('named');
    const environment = { DKRON_CONFIG: '/work/my.yml' };
    expect((await load({ files, environment })).config.region).toBe('named');
    await expect(load({}, 'gone.yml')).rejects.toThrow('/work/gone.yml: there is no such file');
  });

  it('stop the start when their file is of a format that Dkron reads and Carillon does not', async () => {
    await expect(load({ files: { '/etc/dkron/dkron.hcl': 'a = 1' } })).rejects.toThrow('format is not supported');
  });
});
