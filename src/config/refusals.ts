import type { ConfigFile } from './file.ts';
import { type FlagDefinition, flags, type LaterRelease } from './flag-table.ts';
import type { Settings } from './settings.ts';

/** Why a setting that Dkron has can't be used in this version, and what to do. */
const reasons: Readonly<Record<LaterRelease, string>> = {
  manyNodes: 'clusters of several nodes are not available in this version; remove this setting to run one node',
  notifications: 'notifications and metric sinks are not available in this version; remove this setting',
};

/** One sentence for each setting that this version would otherwise ignore. */
export function refusals(settings: Settings, file: ConfigFile): readonly string[] {
  const problems = flags
    .filter((flag): flag is FlagDefinition & { later: LaterRelease } => flag.later !== undefined)
    .filter((flag) => !settings.isDefault(flag))
    .map((flag) => `${settings.source(flag.name)}: ${reasons[flag.later]}`);
  const expected = settings.integer('bootstrap-expect');
  if (expected > 1) problems.push(`${settings.source('bootstrap-expect')}: ${reasons.manyNodes}`);
  if (!settings.boolean('server')) {
    problems.push(
      'This version runs servers only, and an agent needs a server to work for: start it with --server (or npm start)',
    );
  }
  return [...problems, ...fileRefusals(file)];
}

/** Keys that Dkron reads from the file alone; `bootstrap` is what this version does anyway. */
function fileRefusals(file: ConfigFile): readonly string[] {
  const problems: string[] = [];
  const devMode = file.values.get('devmode');
  if (devMode !== undefined && devMode !== false) {
    problems.push(`key devmode in ${file.path}: every node keeps its state on disk; remove the key and set data-dir`);
  }
  if (file.values.has('reconcileinterval')) {
    problems.push(`key reconcileinterval in ${file.path}: ${reasons.manyNodes}`);
  }
  return problems;
}
