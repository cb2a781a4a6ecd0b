import { assertNever } from '../assert.ts';
import type { LogIndex } from '../units.ts';
import { applyFinish } from './apply-finish.ts';
import { applyImport } from './apply-import.ts';
import { applyDeleteExecutions, applyDeleteJob, applySetDisabled, applySetJob, jobSchedule } from './apply-job.ts';
import { applyAssign, applyLaunch, applyMissed, applyReassign, applyRun } from './apply-launch.ts';
import { applyStop } from './apply-stop.ts';
import type { Change } from './changes.ts';
import type { Command, CommandResult, Origin } from './commands.ts';
import { applyPrune } from './history.ts';
import type { Ledger } from './ledger.ts';

/**
 * Applies one committed command. Total: every decodable command has a result, and what can't be done is refused and
 * changes nothing. Pure: the same ledger and command give the same changes on every server, for ever (design 3).
 */
export function applyCommand(
  ledger: Ledger,
  index: LogIndex,
  origin: Origin,
  command: Command,
  out: Change[],
): CommandResult {
  if (!asksOnce(command)) return runAndTell(ledger, index, command, out);
  const proposer = `${origin.node}\0${origin.actor}`;
  const known = ledger.remembered(proposer, origin.epoch, origin.sequence);
  if (known !== undefined) return known;
  const result = runAndTell(ledger, index, command, out);
  ledger.remember(proposer, { epoch: origin.epoch, sequence: origin.sequence, result });
  return result;
}

/** What a client asked for must happen once even when sent twice; the other commands carry their own identity. */
function asksOnce(command: Command): boolean {
  switch (command.type) {
    case 'setJob':
    case 'deleteJob':
    case 'setDisabled':
    case 'deleteExecutions':
    case 'run':
    case 'import':
    case 'stop':
      return true;
    case 'launch':
    case 'missed':
    case 'assign':
    case 'reassign':
    case 'finish':
    case 'checkState':
    case 'prune':
      return false;
    default:
      return assertNever(command);
  }
}

/** A job that was quarantined by the way is told of too: it has no due times any more. */
function runAndTell(ledger: Ledger, index: LogIndex, command: Command, out: Change[]): CommandResult {
  const result = run(ledger, index, command, out);
  for (const name of ledger.takeQuarantined()) {
    const job = ledger.job(name);
    if (job === undefined) continue;
    out.push({ type: 'jobSet', schedule: jobSchedule(job), how: 'disabled', quarantine: job.quarantine });
  }
  return result;
}

function run(ledger: Ledger, index: LogIndex, command: Command, out: Change[]): CommandResult {
  switch (command.type) {
    case 'setJob':
      return applySetJob(ledger, index, command, out);
    case 'deleteJob':
      return applyDeleteJob(ledger, command.name, out);
    case 'setDisabled':
      return applySetDisabled(ledger, command, out);
    case 'deleteExecutions':
      return applyDeleteExecutions(ledger, command.name);
    case 'launch':
      return applyLaunch(ledger, command, out);
    case 'run':
      return applyRun(ledger, command, out);
    case 'missed':
      return applyMissed(ledger, command, out);
    case 'assign':
      return applyAssign(ledger, command, out);
    case 'reassign':
      return applyReassign(ledger, command, out);
    case 'finish':
      return applyFinish(ledger, command, out);
    case 'checkState':
      return { type: 'done' };
    case 'prune':
      return applyPrune(ledger, command);
    case 'import':
      return applyImport(ledger, index, command, out);
    case 'stop':
      return applyStop(ledger, command, out);
    default:
      return assertNever(command);
  }
}
