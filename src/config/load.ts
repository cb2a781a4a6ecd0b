import { isDeepStrictEqual } from 'node:util';
import { type AgentConfig, reloadableSettings } from './agent-config.ts';
import type { Notice } from './errors.ts';
import { readConfigFile } from './file.ts';
import type { ConfigHost } from './host.ts';
import { ConfigReader } from './reader.ts';
import { configPath, type GivenFlags, mergeSettings, unknownVariables } from './settings.ts';

export interface LoadedConfig {
  readonly config: AgentConfig;
  readonly notices: readonly Notice[];
}

export interface ReloadedConfig extends LoadedConfig {
  /** Settings that differ from the running ones and only count after a restart. */
  readonly needRestart: readonly (keyof AgentConfig)[];
}

/** Reads and checks all settings of an agent. Throws `ConfigError` with every problem found. */
export async function loadConfig(given: GivenFlags, host: ConfigHost): Promise<LoadedConfig> {
  const file = readConfigFile(host, configPath(given, host));
  const settings = mergeSettings(given, host, file);
  const reader = new ConfigReader(host, settings, file);
  const config = await reader.read();
  return { config, notices: [...file.notices, ...unknownVariables(host), ...reader.notices] };
}

/** Reads the settings again (SIGHUP) and tells which changes the running node can't take over. */
export async function reloadConfig(running: AgentConfig, given: GivenFlags, host: ConfigHost): Promise<ReloadedConfig> {
  const loaded = await loadConfig(given, host);
  const reloadable: ReadonlySet<string> = new Set(reloadableSettings);
  const names = Object.keys(running) as (keyof AgentConfig)[];
  const needRestart = names.filter(
    (name) => !reloadable.has(name) && !isDeepStrictEqual(running[name], loaded.config[name]),
  );
  return { ...loaded, needRestart };
}
