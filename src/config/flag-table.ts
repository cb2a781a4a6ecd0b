/**
 * Every setting of `carillon agent`, in the order in which help and docs/configuration.md show them. A setting is at
 * once a flag (`--name`), two environment variables (`CARILLON_NAME`, `DKRON_NAME`) and a key of the configuration
 * file. Names, types and defaults are Dkron's (dkron-v4 5.2) unless the text says otherwise.
 *
 * `later` marks what Dkron has and this version has not: any value but the default is refused, never ignored.
 */
export type FlagKind = 'string' | 'bool' | 'int' | 'duration' | 'list';
export type LaterRelease = 'manyNodes' | 'notifications';

export interface FlagDefinition {
  readonly name: string;
  readonly kind: FlagKind;
  /** As a user would write it; lists are empty by default. */
  readonly default: string;
  /** What stands after `--name` in help and docs; booleans have none. */
  readonly placeholder: string;
  readonly help: string;
  /** The values a user may choose from; shell completion offers them. */
  readonly choices?: readonly string[];
  readonly later?: LaterRelease;
}

const text = <Name extends string>(name: Name, value: string, placeholder: string, help: string) =>
  ({ name, kind: 'string', default: value, placeholder, help }) as const;
const choice = <Name extends string>(name: Name, value: string, choices: readonly string[], help: string) =>
  ({ name, kind: 'string', default: value, placeholder: choices.join('|'), help, choices }) as const;
const bool = <Name extends string>(name: Name, value: boolean, help: string) =>
  ({ name, kind: 'bool', default: String(value), placeholder: '', help }) as const;
const int = <Name extends string>(name: Name, value: number, help: string) =>
  ({ name, kind: 'int', default: String(value), placeholder: 'number', help }) as const;
const duration = <Name extends string>(name: Name, value: string, help: string) =>
  ({ name, kind: 'duration', default: value, placeholder: 'duration', help }) as const;
const list = <Name extends string>(name: Name, placeholder: string, help: string) =>
  ({ name, kind: 'list', default: '', placeholder, help }) as const;
const manyNodes = <Flag extends FlagDefinition>(flag: Flag) => ({ ...flag, later: 'manyNodes' }) as const;
const notification = <Flag extends FlagDefinition>(flag: Flag) => ({ ...flag, later: 'notifications' }) as const;

export const flagTable = [
  text('config', '', 'path', 'Configuration file (YAML, JSON, TOML or dotenv), instead of the usual places.'),
  bool('server', false, 'Run as a server: keep the log and the state, schedule jobs, serve HTTP.'),
  text('node-name', '', 'name', 'Name of this node, unique among all. Default: the host name.'),
  text(
    'bind-addr',
    '{{ GetPrivateIP }}:8946',
    'address',
    'Address for gossip with other nodes; its port is 8946 unless given.',
  ),
  text('advertise-addr', '', 'address', 'Address that other nodes are told to use. Default: the one of `--bind-addr`.'),
  text(
    'http-addr',
    '127.0.0.1:8080',
    'address',
    'Address of the HTTP API. Dkron listens on every interface; Carillon does when told `:8080`.',
  ),
  choice('profile', 'lan', ['lan', 'wan', 'local'], 'Timing profile of the gossip protocol.'),
  manyNodes(list('join', 'address', 'Nodes to join at start, tried once.')),
  manyNodes(list('retry-join', 'address', 'Nodes to join at start, tried until one answers.')),
  manyNodes(int('retry-max', 0, 'How often to retry `--retry-join`; 0: for ever.')),
  manyNodes(duration('retry-interval', '30s', 'Pause between attempts of `--retry-join`.')),
  int('raft-multiplier', 1, 'Stretches the time-outs of the replicated log, 1 to 10.'),
  list('tag', 'key=value', 'Tag of this node, by which jobs choose where they run. Replaces `tags` of the file.'),
  manyNodes(text('encrypt', '', 'key', 'Key for gossip, from `carillon keygen`.')),
  choice(
    'log-level',
    'info',
    ['debug', 'info', 'warn', 'error', 'fatal', 'panic'],
    'Least level that is logged; an unknown one means info.',
  ),
  int('rpc-port', 6868, 'Port for traffic between nodes.'),
  int(
    'advertise-rpc-port',
    0,
    'Port for traffic between nodes that others are told to use; 0: the one of `--rpc-port`.',
  ),
  int('bootstrap-expect', 0, 'Number of servers that form a new cluster. This version runs one: 0 means 1.'),
  text('data-dir', 'carillon.data', 'path', 'Directory of the log, the state and the journal.'),
  text('datacenter', 'dc1', 'name', 'Data center of this node, its tag `dc`.'),
  text('region', 'global', 'name', 'Region of this node; jobs run in the region of their servers.'),
  manyNodes(duration('serf-reconnect-timeout', '24h', 'How long to look for a node that failed.')),
  bool('ui', true, 'Serve the web UI.'),
  notification(text('mail-host', '', 'host', 'Mail server for notifications.')),
  notification(int('mail-port', 0, 'Port of the mail server.')),
  notification(text('mail-username', '', 'name', 'User name at the mail server.')),
  notification(text('mail-password', '', 'password', 'Password at the mail server.')),
  notification(text('mail-from', '', 'address', 'Sender of notifications.')),
  notification(text('mail-payload', '', 'template', 'Text of notifications.')),
  notification(text('mail-subject-prefix', '[Dkron]', 'text', 'Begin of the subject of notifications.')),
  notification(text('pre-webhook-endpoint', '', 'url', 'URL that is called before a job runs.')),
  notification(text('pre-webhook-payload', '', 'template', 'Body for `--pre-webhook-endpoint`.')),
  notification(list('pre-webhook-headers', 'header', 'Headers for `--pre-webhook-endpoint`.')),
  notification(text('webhook-endpoint', '', 'url', 'URL that is called after a job ran.')),
  notification(text('webhook-payload', '', 'template', 'Body for `--webhook-endpoint`.')),
  notification(list('webhook-headers', 'header', 'Headers for `--webhook-endpoint`.')),
  notification(text('webhook-url', '', 'url', 'Old name of `--webhook-endpoint`; Dkron ignores it.')),
  notification(text('cronitor-endpoint', '', 'url', 'URL of a Cronitor monitor.')),
  notification(text('dog-statsd-addr', '', 'address', 'Address of a DogStatsD server for metrics.')),
  notification(list('dog-statsd-tags', 'tag', 'Tags for `--dog-statsd-addr`.')),
  notification(text('statsd-addr', '', 'address', 'Address of a statsd server for metrics.')),
  bool('enable-prometheus', false, 'Accepted for Dkron; `/metrics` is always served.'),
  notification(text('otel-endpoint', '', 'address', 'Address of an OpenTelemetry collector for traces.')),
  bool('disable-usage-stats', false, 'Accepted for Dkron; Carillon never reports usage.'),
  choice(
    'threads',
    'actors',
    ['actors', 'compact'],
    'A thread for each actor, or all on one: for small machines. Not in Dkron.',
  ),
  int('output-limit', 256_000, 'Bytes of output kept per execution, the last ones. Not in Dkron.'),
  int('max-executions', 0, 'Executions that the node runs at once, others wait; `0`: no limit. Not in Dkron.'),
  duration('stop-grace', '10s', 'Time between TERM and KILL when an execution is stopped. Not in Dkron.'),
  duration(
    'drain-timeout',
    '3h',
    'How long a node that stops waits for its executions; `0s`: not at all. Not in Dkron.',
  ),
  choice(
    'executor-mode',
    'auto',
    ['auto', 'spawn'],
    'How shell jobs are started: fast where the system allows it, or always by a plain spawn. Not in Dkron.',
  ),
] as const satisfies readonly FlagDefinition[];

/** Keys that only the configuration file has (dkron-v4 5.2), beside `tags`. */
export const fileOnlyKeys = ['tags', 'bootstrap', 'devmode', 'reconcileinterval'] as const;

type Flag = (typeof flagTable)[number];
export type FlagName = Flag['name'];
export type FlagNameOf<Kind extends FlagKind> = Extract<Flag, { readonly kind: Kind }>['name'];

/** The table for readers that don't care for names as types. */
export const flags: readonly FlagDefinition[] = flagTable;

const prefixes = ['CARILLON_', 'DKRON_'] as const;

/** Environment variables of a flag, the first one that is set and not empty counts. */
export function environmentNames(flagName: string): readonly string[] {
  return prefixes.map((prefix) => prefix + flagName.toUpperCase().replaceAll('-', '_'));
}
