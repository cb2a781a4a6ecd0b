import { assertNever } from '../core/assert.ts';
import type {
  AssignItem,
  Command,
  FinishItem,
  LaunchItem,
  MissedItem,
  Origin,
  PruneItem,
  ReassignItem,
} from '../core/jobs/commands.ts';
import type { Target } from '../core/jobs/records.ts';
import { epoch, type Instant, jobName, nodeName, stamp, wallMs, wallNs } from '../core/units.ts';
import { FieldReader } from './fields.ts';
import { plainImportItem, readImportItem } from './import-items.ts';
import { plainSubmittedJob, readSubmittedJob } from './job-codec.ts';
import { DecodeError, decodePlain, encodePlain, type Plain } from './msgpack.ts';

/** Version of the log's entry format: the first field of every entry. */
const FORMAT_VERSION = 1;

/** Append-only; a retired code stays reserved (design section 8). */
export const commandCodes = {
  setJob: 1,
  deleteJob: 2,
  setDisabled: 3,
  deleteExecutions: 4,
  launch: 5,
  run: 6,
  missed: 7,
  assign: 8,
  reassign: 9,
  finish: 10,
  checkState: 11,
  prune: 12,
  import: 13,
  stop: 14,
} as const satisfies Record<Command['type'], number>;

export interface Entry {
  readonly origin: Origin;
  readonly command: Command;
}

/** Bytes of one log entry. */
export function encodeEntry(origin: Origin, command: Command): Uint8Array {
  return encodePlain([
    FORMAT_VERSION,
    origin.node,
    origin.actor,
    origin.epoch,
    origin.sequence,
    commandCodes[command.type],
    plainCommand(command),
  ]);
}

/** Throws `DecodeError` for anything else than what `encodeEntry` writes: an unknown command stops the node (P6). */
export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new FieldReader(decodePlain(bytes), 'entry');
  const version = reader.number();
  if (version !== FORMAT_VERSION) throw new DecodeError(`entry: format version ${version} is not known`);
  const origin: Origin = {
    node: nodeName(reader.string()),
    actor: reader.string(),
    epoch: reader.number(),
    sequence: reader.number(),
  };
  return { origin, command: readCommand(reader.number(), reader.tuple('command')) };
}

function plainCommand(command: Command): Plain {
  switch (command.type) {
    case 'setJob':
      return [command.nowMs, plainSubmittedJob(command.job), command.next];
    case 'deleteJob':
    case 'deleteExecutions':
      return [command.name];
    case 'setDisabled':
      return [command.nowMs, command.name, command.disabled, command.next];
    case 'launch':
      return [command.nowNs, command.items.map(plainLaunchItem)];
    case 'run':
      return [command.nowNs, command.name, plainTargets(command.targets)];
    case 'missed':
      return [command.items.map(plainMissedItem)];
    case 'assign':
      return [command.nowNs, command.items.map((item) => [item.job, item.stamp, plainTargets(item.targets)])];
    case 'reassign':
      return [command.nowNs, command.items.map((item) => [item.job, item.stamp, item.node, item.epoch])];
    case 'finish':
      return [command.nowNs, command.items.map(plainFinishItem)];
    case 'checkState':
      return [command.format, command.markedIndex, command.first, command.second];
    case 'prune':
      return [command.items.map((item) => [item.job, item.endedBeforeMs])];
    case 'import':
      return [command.nowMs, command.lastStamp, command.items.map(plainImportItem)];
    case 'stop':
      return [command.nowNs, command.job, command.stamp, command.node];
    default:
      return assertNever(command);
  }
}

function readCommand(code: number, reader: FieldReader): Command {
  switch (code) {
    case commandCodes.setJob:
      return {
        type: 'setJob',
        nowMs: wallMs(reader.number()),
        job: readSubmittedJob(reader.tuple('job')),
        next: readNext(reader),
      };
    case commandCodes.deleteJob:
      return { type: 'deleteJob', name: jobName(reader.string()) };
    case commandCodes.setDisabled:
      return {
        type: 'setDisabled',
        nowMs: wallMs(reader.number()),
        name: jobName(reader.string()),
        disabled: reader.boolean(),
        next: readNext(reader),
      };
    case commandCodes.deleteExecutions:
      return { type: 'deleteExecutions', name: jobName(reader.string()) };
    case commandCodes.launch:
      return { type: 'launch', nowNs: wallNs(reader.bigint()), items: reader.list(readLaunchItem) };
    case commandCodes.run:
      return {
        type: 'run',
        nowNs: wallNs(reader.bigint()),
        name: jobName(reader.string()),
        targets: reader.list(readTarget),
      };
    case commandCodes.missed:
      return { type: 'missed', items: reader.list(readMissedItem) };
    case commandCodes.assign:
      return {
        type: 'assign',
        nowNs: wallNs(reader.bigint()),
        items: reader.list(readAssignItem),
      };
    case commandCodes.reassign:
      return {
        type: 'reassign',
        nowNs: wallNs(reader.bigint()),
        items: reader.list(readReassignItem),
      };
    case commandCodes.finish:
      return { type: 'finish', nowNs: wallNs(reader.bigint()), items: reader.list(readFinishItem) };
    case commandCodes.checkState:
      return {
        type: 'checkState',
        format: reader.number(),
        markedIndex: reader.number(),
        first: reader.number(),
        second: reader.number(),
      };
    case commandCodes.prune:
      return { type: 'prune', items: reader.list(readPruneItem) };
    case commandCodes.import:
      return {
        type: 'import',
        nowMs: wallMs(reader.number()),
        lastStamp: stamp(reader.bigint()),
        items: reader.list(readImportItem),
      };
    case commandCodes.stop:
      return {
        type: 'stop',
        nowNs: wallNs(reader.bigint()),
        job: jobName(reader.string()),
        stamp: stamp(reader.bigint()),
        node: nodeName(reader.string()),
      };
    default:
      throw new DecodeError(`entry: command code ${code} is not known`);
  }
}

function readAssignItem(field: FieldReader): AssignItem {
  const reader = field.tuple('assign');
  return { job: jobName(reader.string()), stamp: stamp(reader.bigint()), targets: reader.list(readTarget) };
}

function readReassignItem(field: FieldReader): ReassignItem {
  const reader = field.tuple('reassign');
  return {
    job: jobName(reader.string()),
    stamp: stamp(reader.bigint()),
    node: nodeName(reader.string()),
    epoch: epoch(reader.number()),
  };
}

const readNext = (reader: FieldReader): Instant | null => reader.nullable((field) => field.instant());

const plainTargets = (targets: readonly Target[]): Plain =>
  targets.map(({ node, epoch, waits }) => (waits === true ? [node, epoch, true] : [node, epoch]));

function readTarget(field: FieldReader): Target {
  const reader = field.tuple('target');
  const target = { node: nodeName(reader.string()), epoch: epoch(reader.number()) };
  // Targets of the first release end here; there is nothing else that the flag could be.
  return reader.remaining > 0 && reader.boolean() ? { ...target, waits: true } : target;
}

function plainLaunchItem(item: LaunchItem): Plain {
  return [item.name, item.scheduleRevision, item.scheduledAtMs, plainTargets(item.targets), item.next];
}

function readLaunchItem(field: FieldReader): LaunchItem {
  const reader = field.tuple('launch');
  return {
    name: jobName(reader.string()),
    scheduleRevision: reader.number(),
    scheduledAtMs: wallMs(reader.number()),
    targets: reader.list(readTarget),
    next: readNext(reader),
  };
}

function plainMissedItem(item: MissedItem): Plain {
  return [item.name, item.scheduleRevision, item.fromMs, item.toMs, item.count, item.reason, item.next];
}

function readMissedItem(field: FieldReader): MissedItem {
  const reader = field.tuple('missed');
  return {
    name: jobName(reader.string()),
    scheduleRevision: reader.number(),
    fromMs: wallMs(reader.number()),
    toMs: wallMs(reader.number()),
    count: reader.number(),
    reason: reader.string(),
    next: readNext(reader),
  };
}

function readPruneItem(field: FieldReader): PruneItem {
  const reader = field.tuple('prune');
  return { job: jobName(reader.string()), endedBeforeMs: reader.nullable((at) => wallMs(at.number())) };
}

function plainFinishItem(item: FinishItem): Plain {
  return [
    item.job,
    item.stamp,
    item.node,
    item.startedAtNs,
    item.finishedAtNs,
    item.outcome,
    item.output,
    item.droppedBytes,
    item.retryAtMs,
  ];
}

function readFinishItem(field: FieldReader): FinishItem {
  const reader = field.tuple('finish');
  return {
    job: jobName(reader.string()),
    stamp: stamp(reader.bigint()),
    node: nodeName(reader.string()),
    startedAtNs: wallNs(reader.bigint()),
    finishedAtNs: wallNs(reader.bigint()),
    outcome: reader.oneOf(['success', 'failed', 'lost']),
    output: reader.bytes(),
    droppedBytes: reader.number(),
    retryAtMs: wallMs(reader.number()),
  };
}
