import type { RaftEffect, RaftInput } from '../../src/core/raft/io.ts';
import type { RaftMessage } from '../../src/core/raft/messages.ts';
import { type LogIndex, logIndex, type MonoMs, monoMs } from '../../src/core/units.ts';
import { payloadText, RaftVoter, textPayload } from './raft-voter.ts';

type Command = (script: RaftScript, words: readonly string[]) => readonly string[];

/** One command a line of an interaction test; what it returns is what the file must show below. */
const commands: Readonly<Record<string, Command>> = {
  /** voters NAME...: a fresh cluster of these. */
  voters: (script, names) => script.boot(names),
  /** tick: time goes to the next deadline, and whoever is due is told. */
  tick: (script) => script.tick(),
  /** propose VOTER TEXT...: one proposal of several entries. */
  propose: (script, [name, ...texts]) => script.step(name, { type: 'propose', payloads: texts.map(textPayload) }),
  /** flush VOTER [COUNT]: the oldest appends (default: all) become durable. */
  flush: (script, [name, count]) => script.flush(name, count === undefined ? Number.POSITIVE_INFINITY : Number(count)),
  /** full VOTER: there is no space for the oldest append. */
  full: (script, [name]) => script.show(script.voter(name), script.voter(name).refuseFlush(script.now)),
  /** restart VOTER: it dies and starts again from its disk. */
  restart: (script, [name]) => script.restart(name),
  /** deliver [to VOTER] [drop VOTER]: all messages that are on their way arrive, or are lost. */
  deliver: (script, words) => script.deliver(words),
  applied: (script, [name, index]) => script.step(name, { type: 'applied', index: logIndex(Number(index)) }),
  /** compact VOTER INDEX: deleted on disk, and in the core. */
  compact: (script, [name, index]) => script.compact(name, logIndex(Number(index))),
  read: (script, [name, id]) => script.step(name, { type: 'readIndex', id: Number(id) }),
  /** disk VOTER: what is durable. */
  disk: (script, [name]) => script.disk(name),
  status: (script) => script.status(),
};

type Untimed<Input> = Input extends RaftInput ? Omit<Input, 'now'> : never;

/** Plays the commands of an interaction test and tells what came of them, a line for each effect. */
export class RaftScript {
  now: MonoMs = monoMs(0);
  readonly #voters = new Map<string, RaftVoter>();
  #network: RaftMessage[] = [];

  play(line: string): readonly string[] {
    const [name = '', ...words] = line.split(/\s+/);
    const command = commands[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    return command(this, words);
  }

  boot(names: readonly string[]): readonly string[] {
    this.#voters.clear();
    this.#network = [];
    names.forEach((name, at) => {
      this.#voters.set(name, new RaftVoter(name, names, undefined, at));
    });
    return this.status();
  }

  voter(name: string | undefined): RaftVoter {
    const voter = this.#voters.get(name ?? '');
    if (voter === undefined) throw new Error(`no voter ${name}`);
    return voter;
  }

  step(name: string | undefined, input: Untimed<RaftInput>): readonly string[] {
    const voter = this.voter(name);
    return this.show(voter, voter.step({ ...input, now: this.now }));
  }

  tick(): readonly string[] {
    const deadlines = [...this.#voters.values()].map((voter) => voter.core.nextDeadline() ?? Number.POSITIVE_INFINITY);
    const next = Math.min(...deadlines);
    if (next === Number.POSITIVE_INFINITY) return ['nobody waits for anything'];
    this.now = monoMs(Math.max(this.now, next));
    const due = [...this.#voters.values()].filter((voter) => (voter.core.nextDeadline() ?? next + 1) <= this.now);
    return [`at ${this.now} ms`, ...due.flatMap((voter) => this.step(voter.id, { type: 'tick' }))];
  }

  flush(name: string | undefined, count: number): readonly string[] {
    const voter = this.voter(name);
    const lines: string[] = [];
    for (let done = 0; done < count && voter.pending.length > 0; done += 1) {
      lines.push(...this.show(voter, voter.flush(this.now)));
    }
    return lines;
  }

  restart(name: string | undefined): readonly string[] {
    const voter = this.voter(name);
    const lost = voter.pending.map((append) => `${voter.id}: append ${append.id} is lost`);
    voter.restart(this.now);
    return lost;
  }

  deliver(words: readonly string[]): readonly string[] {
    const optionOf = (option: string): string | undefined => words[words.indexOf(option) + 1];
    const to = words.includes('to') ? optionOf('to') : undefined;
    const dropped = words.includes('drop') ? optionOf('drop') : undefined;
    const isChosen = (message: RaftMessage): boolean => to === undefined || message.to === to;
    const messages = this.#network.filter(isChosen);
    this.#network = this.#network.filter((message) => !isChosen(message));
    const arriving = messages.filter((message) => message.from !== dropped && message.to !== dropped);
    return arriving.flatMap((message) => this.step(message.to, { type: 'message', message }));
  }

  compact(name: string | undefined, index: LogIndex): readonly string[] {
    this.voter(name).disk.compact(index);
    return this.step(name, { type: 'compact', index });
  }

  disk(name: string | undefined): readonly string[] {
    const { hardState, base, baseTerm, entries } = this.voter(name).disk;
    const state =
      hardState === null
        ? 'no hard state'
        : `term ${hardState.term} vote ${hardState.vote ?? '-'} commit ${hardState.commit} last ${hardState.last}`;
    const before = base === 0 ? [] : [`compacted to ${base}, of term ${baseTerm}`];
    const log = entries.map((entry) => `${entry.index}/${entry.term} ${payloadText(entry) || entry.kind}`);
    return [state, ...before, ...log];
  }

  status(): readonly string[] {
    return [...this.#voters.values()].map(({ id, core, pending }) => {
      const { leader, isLeader } = core.leadership;
      const role = isLeader ? 'leads' : `follows ${leader ?? 'nobody'}`;
      return `${id}: term ${core.term} ${role}, log to ${core.lastIndex}, committed ${core.commitIndex}, ${pending.length} unflushed`;
    });
  }

  show(voter: RaftVoter, effects: readonly RaftEffect[]): readonly string[] {
    for (const effect of effects) if (effect.type === 'send') this.#network.push(effect.message);
    return effects.map((effect) => `${voter.id}: ${describeEffect(effect)}`);
  }
}

function describeEffect(effect: RaftEffect): string {
  switch (effect.type) {
    case 'append': {
      const entries = effect.entries.map(
        (entry) => ` ${entry.index}/${entry.term}:${payloadText(entry) || entry.kind}`,
      );
      const { hardState } = effect;
      const state = hardState === null ? '' : ` {term ${hardState.term} vote ${hardState.vote ?? '-'}}`;
      const then = effect.thenSend.map((message) => ` then ${describeMessage(message)}`);
      return `append ${effect.id}${state}${entries.join('')}${then.join('')}`;
    }
    case 'send':
      return `send ${describeMessage(effect.message)}`;
    default: {
      const { type, ...rest } = effect;
      const fields = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
      return `${type} ${fields.join(' ')}`;
    }
  }
}

function describeMessage(message: RaftMessage): string {
  const { type, from: _, to, ...rest } = message;
  const fields = Object.entries(rest).map(([key, value]) =>
    key === 'entries'
      ? `entries ${(value as { index: number }[]).map(({ index }) => index).join(',') || '-'}`
      : `${key} ${value}`,
  );
  return `${type}→${to} ${fields.join(' ')}`;
}
