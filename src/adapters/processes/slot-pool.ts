import { existsSync } from 'node:fs';
import { limits } from '../../core/limits.ts';
import type { OutputPipes } from './job-output.ts';
import type { Launch, LaunchEvents, Launcher, LaunchPlan } from './launcher.ts';
import type { NamedPipes } from './named-pipes.ts';
import { Slot } from './slot.ts';
import { isPlainVariable, slotFrame, type ToldEnvironment } from './slot-script.ts';
import { slotTrials } from './slot-trial.ts';
import type { Timers } from './timers.ts';

export interface SlotPoolOptions {
  readonly pipes: NamedPipes;
  readonly outputs: OutputPipes;
  readonly timers: Timers;
  /** Takes what slots can't. */
  readonly fallback: Launcher;
  /** What every job's environment holds. */
  readonly environment: ReadonlyMap<string, string>;
  /** Names of further variables that jobs always have, each with a value of its own. */
  readonly usualVariables: readonly string[];
  readonly niceness: number;
  /** Shells that are kept for short jobs. */
  readonly size: number;
}

const shells = ['/bin/bash', '/usr/bin/bash'];

/**
 * Starts short jobs two to three times faster than a spawn, and without blocking, by shells that were forked before
 * this process grew large (measured-facts 7). A job that stays is left its shell, and another one takes the place, up
 * to a limit. What doesn't fit (another user, input, exotic variables, long commands) is spawned plainly, and so is
 * everything when a trial at the start shows that the shell isn't up to it.
 */
export class SlotPool implements Launcher {
  readonly #options: SlotPoolOptions;
  readonly #shell: string | null;
  /** What the shells hand on by themselves. */
  readonly #inherited: ReadonlyMap<string, string>;
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  /** Held by one job for so long that another shell took their place. */
  readonly #lent = new Set<Slot>();
  readonly #queue: PooledLaunch[] = [];
  #state: 'trial' | 'open' | 'unfit' | 'closed' = 'trial';
  /** Trials begun. */
  #trials = 0;
  #stopTrial: () => void = () => undefined;
  #stopPatience: (() => void) | null = null;

  constructor(options: SlotPoolOptions) {
    this.#options = options;
    this.#shell = shells.find((path) => existsSync(path)) ?? null;
    // Shells use LC_ALL themselves, so that jobs need to be told theirs.
    const inherited = [...options.environment].filter(([name]) => name !== 'LC_ALL' && isPlainVariable(name));
    this.#inherited = new Map(inherited);
    this.#beginTrial();
  }

  launch(plan: LaunchPlan, events: LaunchEvents): Launch {
    const isOpen = this.#state === 'open' || (this.#state === 'trial' && this.#trials === 1);
    const environment = isOpen && this.#queue.length < limits.shellSlotQueue ? this.#toldEnvironment(plan) : null;
    if (environment === null) return this.#options.fallback.launch(plan, events);
    const launch = new PooledLaunch(plan, events, environment);
    this.#queue.push(launch);
    this.#giveOut();
    return launch;
  }

  close(): void {
    this.#state = 'closed';
    this.#stopTrial();
    this.#stopPatience?.();
    for (const slot of [...this.#slots]) this.#retire(slot);
  }

  /** Variables that a shell must be told for this plan; null: the plan is not for a slot. */
  #toldEnvironment(plan: LaunchPlan): ToldEnvironment | null {
    if (plan.account !== null || plan.input !== null) return null;
    // Bash makes relative paths absolute, and programs see by which path they were started.
    if (!plan.program.startsWith('/')) return null;
    let length = plan.args.reduce((sum, argument) => sum + argument.length, plan.program.length);
    const { usualVariables } = this.#options;
    const usual: string[] = [];
    const further: string[] = [];
    for (const [name, value] of plan.environment) {
      length += name.length + value.length;
      if (this.#inherited.get(name) === value) continue;
      if (!isPlainVariable(name)) return null;
      (usualVariables.includes(name) ? usual : further).push(`${name}=${value}`);
    }
    if (length > limits.shellSlotCommandBytes) return null;
    const missing = usualVariables.filter((name) => !plan.environment.has(name));
    return { usual, missing, further };
  }

  #giveOut(): void {
    if (this.#state === 'trial') return;
    while (this.#queue.length > 0) {
      const slot = this.#state === 'open' ? this.#freeSlot() : 'none';
      if (slot === 'soon') break;
      const launch = this.#queue.shift();
      const output = slot === 'none' || launch === undefined || launch.isWithdrawn ? null : this.#openOutput(launch);
      if (slot !== 'none' && output === null) this.#idle.push(slot);
      if (launch === undefined || launch.isWithdrawn) continue;
      if (slot === 'none' || output === null) launch.handTo(this.#options.fallback);
      else launch.runIn(slot, output);
    }
    this.#bePatient();
  }

  #openOutput(launch: PooledLaunch): ReturnType<OutputPipes['open']> {
    return this.#options.outputs.open(launch.events);
  }

  /** `soon`: short jobs hold all of them. `none`: long ones do. */
  #freeSlot(): Slot | 'soon' | 'none' {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const forShortJobs = this.#slots.size - this.#lent.size;
    const mayFork = forShortJobs < this.#options.size && this.#slots.size < limits.shellSlotsAtMost;
    if (mayFork && this.#fork()) return this.#idle.pop() ?? 'none';
    return forShortJobs > 0 ? 'soon' : 'none';
  }

  /** While jobs wait: whoever holds a shell for all of a while is no short job, and its shell is replaced. */
  #bePatient(): void {
    if (this.#queue.length === 0 || this.#stopPatience !== null) return;
    const watched = [...this.#slots].filter((slot) => slot.isBusy).map((slot) => [slot, slot.runs] as const);
    this.#stopPatience = this.#options.timers.after(limits.shellSlotPatienceMs, () => {
      this.#stopPatience = null;
      for (const [slot, runs] of watched) if (slot.isBusy && slot.runs === runs) this.#lent.add(slot);
      this.#giveOut();
    });
  }

  /** False: there is no shell, or no pipe for it. */
  #fork(): boolean {
    const wordsPath = this.#shell === null ? null : this.#options.pipes.borrow();
    if (this.#shell === null || wordsPath === null) return false;
    const { usualVariables, niceness, timers } = this.#options;
    const slot: Slot = new Slot(
      { shell: this.#shell, wordsPath, environment: this.#inherited, usualVariables, niceness, timers },
      { free: () => this.#takeBack(slot), died: () => this.#bury(slot) },
    );
    this.#slots.add(slot);
    this.#idle.push(slot);
    return true;
  }

  #takeBack(slot: Slot): void {
    this.#lent.delete(slot);
    const isWanted = this.#state === 'open' || this.#state === 'trial';
    if (!isWanted || this.#idle.length >= this.#options.size || slot.runs >= limits.shellSlotRuns) this.#retire(slot);
    else this.#idle.push(slot);
    this.#giveOut();
  }

  #retire(slot: Slot): void {
    slot.close();
    this.#bury(slot);
  }

  #bury(slot: Slot): void {
    if (!this.#slots.delete(slot)) return;
    this.#lent.delete(slot);
    const index = this.#idle.indexOf(slot);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#options.pipes.forget(slot.wordsPath);
    if (this.#state === 'trial') this.#failTrial(this.#trials);
    else if (this.#state === 'open') this.#giveOut();
  }

  #beginTrial(): void {
    const { timers, size } = this.#options;
    this.#state = 'trial';
    this.#trials += 1;
    this.#stopTrial = timers.after(limits.slotTrialMs, () => this.#failTrial(this.#trials));
    while (this.#slots.size < size && this.#fork());
    this.#try(0, this.#trials);
  }

  #try(step: number, ofTrial: number): void {
    if (this.#state !== 'trial' || this.#trials !== ofTrial) return;
    const trial = slotTrials[step];
    if (trial === undefined) {
      this.#concludeTrial(true);
      return;
    }
    const slot = this.#idle.pop();
    let hasPassed = false;
    let awaited = 2;
    const oneCame = (): void => {
      awaited -= 1;
      if (awaited > 0) return;
      // The slot is free once this turn is over.
      setImmediate(() => (hasPassed ? this.#try(step + 1, ofTrial) : this.#failTrial(ofTrial)));
    };
    const events: LaunchEvents = {
      started: () => undefined,
      output: () => undefined,
      failed: () => this.#failTrial(ofTrial),
      ended: (end) => {
        hasPassed = trial.passed(end);
        oneCame();
      },
      outputEnded: oneCame,
    };
    const launch = new PooledLaunch(trial.plan, events, { usual: [], missing: [], further: [] });
    const output = slot === undefined ? null : this.#openOutput(launch);
    if (slot === undefined || output === null) this.#concludeTrial(false);
    else launch.runIn(slot, output);
  }

  /** Not for good: a shell may have died, or not been able to fork, for a reason that goes away. */
  #failTrial(ofTrial: number): void {
    if (this.#state !== 'trial' || this.#trials !== ofTrial) return;
    this.#concludeTrial(false);
    this.#stopTrial = this.#options.timers.after(limits.slotRetrialMs, () => this.#beginTrial());
  }

  #concludeTrial(fit: boolean): void {
    if (this.#state !== 'trial') return;
    this.#stopTrial();
    this.#state = fit ? 'open' : 'unfit';
    if (!fit) for (const slot of [...this.#slots]) if (!slot.isBusy) this.#retire(slot);
    this.#giveOut();
  }
}

/** A launch that may wait for a slot. */
class PooledLaunch implements Launch {
  readonly plan: LaunchPlan;
  readonly events: LaunchEvents;
  readonly #environment: ToldEnvironment;
  /** Where it runs; null: it waits. */
  #launch: Launch | null = null;
  #withdrawn = false;

  constructor(plan: LaunchPlan, events: LaunchEvents, environment: ToldEnvironment) {
    this.plan = plan;
    this.events = events;
    this.#environment = environment;
  }

  get isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  runIn(slot: Slot, output: NonNullable<ReturnType<OutputPipes['open']>>): void {
    this.#launch = { withdraw: () => false, abandonOutput: () => output.abandon() };
    slot.run({ frame: slotFrame(this.plan, output.path, this.#environment), output, events: this.events });
  }

  handTo(launcher: Launcher): void {
    this.#launch = launcher.launch(this.plan, this.events);
  }

  withdraw(): boolean {
    if (this.#launch !== null) return this.#launch.withdraw();
    this.#withdrawn = true;
    return true;
  }

  abandonOutput(): void {
    this.#launch?.abandonOutput();
  }
}
