import type { LaunchPlan } from './launcher.ts';

/**
 * What a slot runs: a bash that starts one job after another, each in a process group of its own (`set -m`). It reads
 * frames from its standard input (the size in eight digits, then a command of that many bytes) and answers on standard
 * output: `started PID` from the job's process before it becomes the program, `ended STATUS KIND` from the shell, KIND
 * being `exited`, `signalled` or `dumped` (core).
 *
 * The status of `wait` doesn't tell `exit 137` from SIGKILL; bash's own words about the end do (`Exit 137`, `Killed`).
 * Bash says them on standard error, which is a pipe to itself meanwhile; it holds 4 KiB on some systems, so that it is
 * emptied (by closing and opening it) long before it is full. `LC_ALL=C` keeps those words English and counts frames in
 * bytes; it isn't exported.
 *
 * `wait` also returns when a job stops (SIGSTOP and its like, 147 to 150): then it is asked again, every now and then.
 * `wait -f` would do that by itself, but bash 5.2 can spin in it for ever, writing.
 *
 * Job's variables are exported after all of ours have been used: they may have the same names. Standard error is joined
 * to the output last: what bash has to say before is not the job's.
 */
export const slotScript = `
set -m
export -n LC_ALL PWD
LC_ALL=C
unset SHLVL OLDPWD
words=$1
spoken=0
exec 7<>"$words"
begin() {
  exec 3>&1 >"$1"
  printf 'started %s\\n' "$BASHPID" >&3
  if [[ -n $2 ]]; then cd -- "$2" || exit 126; fi
  shift 2
  if (($1 > 0)); then export "\${@:2:$1}"; fi
  shift "$(($1 + 1))"
  exec -a "$1" "\${@:2}" 2>&1 3>&-
}
run() {
  begin "$@" </dev/null 7>&- &
  wait "$!" 2>&7
  status=$? kind=exited
  while ((status > 146 && status < 151)) && kill -0 "$!" 2>/dev/null; do
    IFS= read -r -t 0.05 said <&7
    wait "$!" 2>&7
    status=$?
  done
  if ((status > 128)); then
    said=
    while read -t 0 <&7; do IFS= read -r said <&7; done
    if [[ $said != *' Exit '* ]]; then kind=signalled; fi
    if [[ $kind == signalled && $said == *'(core dumped)'* ]]; then kind=dumped; fi
    spoken=0
  elif ((++spoken >= 32)); then
    exec 7>&-
    exec 7<>"$words"
    spoken=0
  fi
  printf 'ended %s %s\\n' "$status" "$kind"
}
while IFS= read -r -N 8 size && IFS= read -r -N "$size" frame; do eval "$frame"; done
`;

/** One frame: runs the plan with its output in the pipe at `outputPath`. */
export function slotFrame(plan: LaunchPlan, outputPath: string, environment: readonly string[]): string {
  const words = [
    outputPath,
    plan.workingDirectory ?? '',
    String(environment.length),
    ...environment,
    plan.argumentZero,
    plan.program,
    ...plan.args,
  ];
  const command = `run ${words.map(quote).join(' ')}\n`;
  return String(Buffer.byteLength(command)).padStart(8, '0') + command;
}

/** As one word of a shell: nothing in single quotes means anything, but the quote. */
const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Names that bash keeps to itself, changes, or reacts to: a job that sets one of them is spawned plainly. */
const bashOwnNames =
  /^(?:BASH.*|COMP_.*|DIRSTACK|E?UID|EPOCH.*|FUNCNAME|GLOBIGNORE|GROUPS|HIST.*|IFS|LINENO|MAIL.*|OLDPWD|OPT.*|PIPESTATUS|POSIXLY_CORRECT|PPID|PS[0-9]|PWD|RANDOM|READLINE_.*|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|TMOUT|_|words|spoken|status|kind|said|size|frame)$/;

/** True of a variable that a shell can hand to a program as it is. */
export const isPlainVariable = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !bashOwnNames.test(name);
