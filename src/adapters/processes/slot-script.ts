import type { LaunchPlan } from './launcher.ts';

/**
 * What a slot runs: a bash that starts one job after another, each in a process group of its own (`set -m`). It reads
 * frames from its standard input (the size in eight digits, then commands of that many bytes, which start the job), and
 * answers on standard output when the job is over: `ended PID STATUS KIND`, KIND being `exited`, `signalled` or `dumped`
 * (core). Who wants to know the process earlier looks for the shell's child; the output is opened before that is forked.
 * `failed` says that nothing was started, and that the shell ends.
 *
 * The status of `wait` doesn't tell `exit 137` from SIGKILL; bash's own words about the end do (`Exit 137`, `Killed`).
 * It says them on standard error, which is a pipe to itself; that holds 4 KiB on some systems, so that it is emptied (by
 * closing and opening it) long before it is full. Opened once more when its node has gone, and the pipe with it, it is an
 * empty file, which always has something to read and nothing to be read. The words repeat what was started as it is
 * written here, not as it is expanded: they are short. The shell was started with `LC_ALL=C`, which keeps them English,
 * counts frames in bytes, and spares each fork the files of a locale.
 *
 * `wait` also returns when a job stops (SIGSTOP and its like, 147 to 150): then it is asked again, every now and then.
 * `wait -f` would do that by itself, but bash 5.2 can spin in it for ever, writing.
 *
 * Each page that the forked child reads or writes before it becomes the program is a fault, and faults are most of what a
 * slot adds to a job. So the child does next to nothing: what jobs always have in their environment (the script's further
 * arguments) is exported here and assigned by the frame, before the fork; only what few jobs have is up to `begin`, which
 * exports it after all of ours has been used. Standard error is joined to the output last: what bash has to say before
 * is not the job's.
 */
export const slotScript = `
set -m
export -n LC_ALL PWD
unset SHLVL OLDPWD
slot_words=$1
slot_spoken=0
exec 2<>"$slot_words"
export "\${@:2}"
begin() {
  if [[ -n $slot_directory ]]; then cd -- "$slot_directory" || exit 126; fi
  if ((\${#slot_unset[@]} > 0)); then unset -v "\${slot_unset[@]}"; fi
  if ((\${#slot_exported[@]} > 0)); then export "\${slot_exported[@]}"; fi
  exec "\${slot_job[@]}" 2>&1
}
trap 'if [[ -n $slot_starting ]]; then echo failed; fi' EXIT
while IFS= read -r -N 8 slot_size && IFS= read -r -N "$slot_size" slot_frame; do
  slot_starting=1
  eval "$slot_frame" || exit
  slot_starting=
  wait "$!"
  slot_status=$? slot_kind=exited
  while ((slot_status > 146 && slot_status < 151)) && kill -0 "$!" 2>/dev/null; do
    IFS= read -r -t 0.05 slot_said <&2
    wait "$!"
    slot_status=$?
  done
  if ((slot_status > 128)); then
    slot_said=
    while read -t 0 <&2 && IFS= read -r slot_said <&2; do :; done
    if [[ $slot_said != *' Exit '* ]]; then slot_kind=signalled; fi
    if [[ $slot_kind == signalled && $slot_said == *'(core dumped)'* ]]; then slot_kind=dumped; fi
    slot_spoken=0
  elif ((++slot_spoken >= 32)); then
    exec 2>&-
    exec 2<>"$slot_words"
    slot_spoken=0
  fi
  printf 'ended %s %s %s\\n' "$!" "$slot_status" "$slot_kind"
done
`;

/** What a shell must be told of the environment of a job, beyond what it inherits. */
export interface ToldEnvironment {
  /** Of those that every job has (`NAME=value`). */
  readonly usual: readonly string[];
  /** Of those that every job should have: this one hasn't. */
  readonly missing: readonly string[];
  /** Of others (`NAME=value`). */
  readonly further: readonly string[];
}

const plainStart = `{ exec "\${slot_job[@]}" </dev/null 2>&1 & } >"$slot_out"`;
/** For what its process needs more than an ordinary environment. */
const elaborateStart = '{ begin </dev/null & } >"$slot_out"';

/** One frame: runs the plan with its output in the pipe at `outputPath`. */
export function slotFrame(plan: LaunchPlan, outputPath: string, environment: ToldEnvironment): string {
  const { usual, missing, further } = environment;
  const isPlain = plan.workingDirectory === null && missing.length === 0 && further.length === 0;
  const name = plan.argumentZero === plan.program ? [] : ['-a', plan.argumentZero];
  const assignments = [
    ...usual.map(assignment),
    assignment(`slot_out=${outputPath}`),
    list('slot_job', [...name, plan.program, ...plan.args]),
  ];
  if (!isPlain) {
    assignments.push(assignment(`slot_directory=${plan.workingDirectory ?? ''}`));
    assignments.push(list('slot_unset', missing), list('slot_exported', further));
  }
  const command = `${assignments.join(' ')}\n${isPlain ? plainStart : elaborateStart}\n`;
  return String(Buffer.byteLength(command)).padStart(8, '0') + command;
}

function assignment(variable: string): string {
  const equals = variable.indexOf('=');
  return `${variable.slice(0, equals)}=${quote(variable.slice(equals + 1))}`;
}

const list = (name: string, words: readonly string[]): string => `${name}=(${words.map(quote).join(' ')})`;

/** As one word of a shell: nothing in single quotes means anything, but the quote. */
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Names that bash keeps to itself, changes, or reacts to: a job that sets one of them is spawned plainly. */
const bashOwnNames =
  /^(?:BASH.*|COMP_.*|DIRSTACK|E?UID|EPOCH.*|FUNCNAME|GLOBIGNORE|GROUPS|HIST.*|IFS|LINENO|MAIL.*|OLDPWD|OPT.*|PIPESTATUS|POSIXLY_CORRECT|PPID|PS[0-9]|PWD|RANDOM|READLINE_.*|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|TMOUT|_|slot_.*)$/;

/** True of a variable that a shell can hand to a program as it is. */
export const isPlainVariable = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !bashOwnNames.test(name);
