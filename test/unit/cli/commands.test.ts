import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codename, version } from '../../../src/version.ts';
import { cli } from '../../support/cli.ts';

describe('carillon', () => {
  it('without a command shows its help', async () => {
    const { exitCode, out, error } = await cli([]);
    expect([exitCode, error]).toEqual([0, '']);
    for (const name of [
      'agent',
      'completion',
      'doc',
      'events',
      'executions',
      'jobs',
      'keygen',
      'leave',
      'raft',
      'top',
      'version',
      'help',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    expect((await cli(['help'])).out).toBe(out);
    expect((await cli(['-h'])).out).toBe(out);
  });

  it.each([
    [['nonsense'], "Error: unknown command 'nonsense'\n"],
    [['agent', '--nonsense'], "Error: unknown option '--nonsense'\n"],
    [['agent', '--servr'], "Error: unknown option '--servr'\n(Did you mean --server?)\n"],
    [['agent', '--node-name'], "Error: option '--node-name <name>' argument missing\n"],
    [['agent', 'extra'], "Error: too many arguments for 'agent'. Expected 0 arguments but got 1.\n"],
    [['raft', 'list-peers'], 'Error: raft list-peers: this version runs one server'],
    [['raft', 'remove-peer', '--peer-id', 'x'], 'Error: raft remove-peer: this version runs one server'],
  ])('%j ends with exit code 1, the error and the usage on stderr', async (args, message) => {
    const { exitCode, out, error } = await cli(args);
    expect(exitCode).toBe(1);
    expect(out).toBe('');
    expect(error.startsWith(message)).toBe(true);
    expect(error).toMatch(/^Usage: carillon /m);
  });
});

describe('carillon version', () => {
  it('prints four lines', async () => {
    expect((await cli(['version'])).out).toBe(
      `Name: Carillon\nVersion: ${version}\nCodename: ${codename}\nAgent Protocol: 5 (Understands back to: 2)\n`,
    );
  });

  it('says what package.json says', () => {
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({ version });
  });
});

describe('carillon keygen', () => {
  it('prints 16 random bytes in base64, and nothing else', async () => {
    const [first, second] = [await cli(['keygen']), await cli(['keygen'])];
    expect(first.out).toMatch(/^[A-Za-z0-9+/]{22}==\n$/);
    expect(Buffer.from(first.out, 'base64')).toHaveLength(16);
    expect(second.out).not.toBe(first.out);
  });
});

describe('carillon doc', () => {
  it('writes a page for each command', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'carillon-doc-'));
    const dir = join(parent, 'new');
    const first = await cli(['doc', '--dir', dir]);
    expect(first.out).toBe(
      `Directory ${dir} does not exist, creating...\nGenerating Carillon command-line documentation in ${dir} ...\nDone.\n`,
    );
    expect((await cli(['doc', `--dir=${dir}`])).out).not.toContain('does not exist');
    expect(readdirSync(dir)).toContain('carillon_raft_list-peers.md');
    const page = readFileSync(join(dir, 'carillon_agent.md'), 'utf8');
    expect(page).toMatch(
      /^---\ndate: .*\ntitle: "carillon agent"\nslug: carillon_agent\nurl: \/docs\/cli\/carillon_agent\/\n---\n/,
    );
    expect(page).toContain('--http-addr <address>');
    expect(page).toContain('* [carillon](/docs/cli/carillon/)');
    rmSync(parent, { recursive: true });
  });

  it('says when it cannot write', async () => {
    const { exitCode, error } = await cli(['doc', '--dir', '/dev/null/x']);
    expect(exitCode).toBe(1);
    expect(error).toMatch(/^Error: can't write into \/dev\/null\/x: /);
  });
});

describe('carillon agent', () => {
  it('starts with the config that its flags describe, and ends with its exit code', async () => {
    const args = [
      'agent',
      '--server',
      '--ui=false',
      '--tag',
      'a=b',
      '--tag=c=d,e=f',
      '--mail-host',
      '',
      '--node-name',
      '--x',
    ];
    const { exitCode, started, error } = await cli(args, {}, 3);
    expect([exitCode, error]).toEqual([3, '']);
    expect(started?.config).toMatchObject({
      ui: false,
      server: true,
      nodeName: '--x',
      tags: { a: 'b', c: 'd', e: 'f' },
    });
    expect(started?.session.notices).toHaveLength(1);
    const again = await started?.session.reloadConfig();
    expect(again?.config).toEqual(started?.config);
    expect(again?.needRestart).toEqual([]);
  });

  it('takes the value of a boolean only after an equals sign, as Go does', async () => {
    const { exitCode, error } = await cli(['agent', '--server', 'false']);
    expect(exitCode).toBe(1);
    expect(error).toContain('too many arguments');
  });

  it('is not started with settings that are wrong, and tells each of them', async () => {
    const { exitCode, started, error } = await cli(['agent', '--profile', 'moon', '--join', 'x']);
    expect([exitCode, started]).toEqual([1, null]);
    expect(error).toMatch(
      /^Error: --join: .*\nError: This version runs servers only.*\nError: --profile: unknown profile: moon.*\nUsage: carillon agent/,
    );
  });

  it('shows every flag in its help', async () => {
    const { out, exitCode } = await cli(['agent', '--help']);
    expect(exitCode).toBe(0);
    expect(out).toContain('--ui[=true|false]');
    expect(out).toMatch(/--http-addr <address> .*\(default 127\.0\.0\.1:8080\)/);
  });
});

describe('carillon leave', () => {
  async function withApi(status: number, test: (url: string, seen: string[]) => Promise<void>): Promise<void> {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      response.writeHead(status).end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    try {
      await test(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, seen);
    } finally {
      server.close();
    }
  }

  it('asks the agent over its API', async () => {
    await withApi(200, async (url, seen) => {
      const { exitCode, out } = await cli(['leave', '--api', url]);
      expect([exitCode, out, seen]).toEqual([0, 'Left the cluster successfully\n', ['POST /v1/leave']]);
    });
  });

  it('tells when the agent refuses, does not answer, or is no URL', async () => {
    await withApi(500, async (url) => {
      expect((await cli(['leave', '--api', url])).error).toMatch(/^Error: the agent at .* has not left: /);
    });
    const unreachable = await cli(['leave', '--api', 'http://127.0.0.1:9']);
    expect([unreachable.exitCode, unreachable.error]).toEqual([
      4,
      expect.stringMatching(/^Error: no answer from http/),
    ]);
    expect((await cli(['leave', '--api', 'nowhere'])).error).toMatch(/^Error: --api: nowhere is no URL/);
  });
});
