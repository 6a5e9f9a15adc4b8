import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { Exit } from '../protocol/exit.ts'
import type { ProcessIdentity } from '../protocol/process.ts'
import type { SignalName } from '../protocol/service.ts'
import { exitOf } from './exit-record.ts'
import { descendants, parseStat } from './proc.ts'

/**
 * The recorder of a one-shot: a shell that leads the program's group, waits for the program and writes its exit code to a
 * file, so that the code is not lost when we are killed. It tells us on descriptor 3 who the program is.
 */

/** The shell's exit code when it could not join the cgroup that it must join; it has said so in the log. */
export const couldNotJoin = 126

/** What may be sent to a whole group that is to stop. */
const survived: readonly SignalName[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE']

/**
 * `$0` is the file, `$@` the program. Three things are as they are for a reason:
 * Signals are trapped, not ignored, because only what is ignored would be inherited. (Before it says who it is, the program
 * may have inherited a trap; hence no signal is sent until it has.)
 * SIGPIPE is trapped for its first words too, which nobody may be there to hear.
 * The shell itself has /dev/null for its stderr, where it would comment on the program's death and on whom it could not tell.
 * The program gets the log.
 */
export function recorderScript(stopSignal: SignalName): string {
  const numbers = new Set([...survived, stopSignal].map((signal) => constants.signals[signal as NodeJS.Signals]))
  // Nobody survives these two, and to trap them is an error.
  numbers.delete(constants.signals.SIGKILL)
  numbers.delete(constants.signals.SIGSTOP)
  return `trap : ${[...numbers].join(' ')}
(trap : ${constants.signals.SIGPIPE}; read -r hyphae_self </proc/self/stat; echo "$hyphae_self" >&3; exec "$@" 2>&1 3>&-)
hyphae_code=$?
echo $hyphae_code >"$0"
exit $hyphae_code`
}

/** Whom a recorder waits for; null while nobody is to be seen. */
export function programOf({ pid }: ProcessIdentity): ProcessIdentity | null {
  try {
    const program = descendants([pid]).find(({ ppid }) => ppid === pid)
    return program === undefined ? null : { pid: program.pid, start: program.start }
  } catch {
    return null
  }
}

export interface Listener {
  /** The program runs, or did. Always before `ended`, unless the recorder ended first. */
  began(program: ProcessIdentity): void
  ended(exit: Exit): void
}

/** Listens to a recorder that was just spawned. The answer stops it; the recorder goes on. */
export function listenTo(
  child: ChildProcess,
  recorder: ProcessIdentity,
  successCodes: readonly number[],
  { began, ended }: Listener,
): () => void {
  // Whoever made it asked for a pipe there.
  const words = child.stdio[3] as Readable
  let text = ''
  let exit: Exit | null = null
  let heard = false
  let deaf = false

  const hear = (): void => {
    if (heard || deaf) return
    heard = true
    words.destroy()
    if (text !== '') began(identityIn(text) ?? programOf(recorder) ?? recorder)
    if (exit !== null) end(exit)
  }
  const end = (how: Exit): void => {
    const mute = text === '' && how.kind === 'exited' && how.code !== couldNotJoin
    ended(mute ? { kind: 'unspawnable', because: notStarted(how.code), passing: true } : how)
  }
  words.setEncoding('latin1')
  words.on('data', (chunk: string) => {
    text += chunk
    if (text.endsWith('\n')) hear()
  })
  words.on('error', hear)
  words.on('close', hear)
  // Not `close`: that waits for whoever else holds a descriptor.
  child.once('exit', (code, signal) => {
    exit = signal === null ? exitOf(code ?? 0, successCodes) : { kind: 'signalled', signal }
    // Its words may arrive after the news of its end.
    if (heard && !deaf) end(exit)
  })
  return () => {
    deaf = true
    words.destroy()
  }
}

const notStarted = (code: number): string =>
  `the shell that was to start it ended before, with code ${code}: it could not fork, perhaps`

function identityIn(text: string): ProcessIdentity | null {
  const stat = parseStat(text)
  return stat === null ? null : { pid: stat.pid, start: stat.start }
}
