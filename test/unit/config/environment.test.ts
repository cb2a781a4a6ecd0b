import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { fakeConfigHost, given } from '../../support/config-host.ts';

const load = (environment: Readonly<Record<string, string>>) =>
  loadConfig(given({ server: 'true' }), fakeConfigHost({ environment }));

describe('environment variables', () => {
  it('are read under both names, the own one first; empty ones count as unset', async () => {
    expect((await load({ DKRON_REGION: 'd' })).config.region).toBe('d');
    expect((await load({ DKRON_REGION: 'd', CARILLON_REGION: 'c' })).config.region).toBe('c');
    expect((await load({ DKRON_REGION: 'd', CARILLON_REGION: '' })).config.region).toBe('d');
  });

  it('split tags at white space', async () => {
    expect((await load({ DKRON_TAG: 'a=1  b=x,y\n' })).config.tags).toEqual({ a: '1', b: 'x,y' });
  });

  it('split other lists at commas', async () => {
    await expect(load({ CARILLON_JOIN: 'a,b' })).rejects.toThrow('CARILLON_JOIN: ');
  });

  it('name the variable whose value is wrong', async () => {
    await expect(load({ CARILLON_UI: 'maybe' })).rejects.toThrow('CARILLON_UI: "maybe" is not true or false');
  });

  it('warn of names that mean nothing, but not of those that others make up', async () => {
    const { notices } = await load({
      CARILLON_HTTP_ADR: ':1',
      CARILLON_EXECUTION_ID: 'x',
      CARILLON_SERVICE_HOST: 'x',
      CARILLON_PORT_8080_TCP: 'x',
      DKRON_WHATEVER: 'x',
    });
    expect(notices.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', message: 'environment variable CARILLON_HTTP_ADR names no setting and is ignored' },
    ]);
  });
});
