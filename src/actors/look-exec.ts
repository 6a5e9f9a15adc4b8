import { limits } from '../protocol/limits.ts'
import type { ProbeTarget, ServiceSpec } from '../protocol/service.ts'
import { send } from './proc.ts'
import { environmentOf, identityOf } from './launch.ts'
import { reasonOf } from './look.ts'
import { resolveCommand } from './resolve-command.ts'

/** Runs a command once, in a group of its own. Resolves to null when it ended with 0, else to why not. */
export async function lookExec(
  { command, args }: Extract<ProbeTarget, { type: 'exec' }>,
  spec: ServiceSpec,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | null> {
  const env = environmentOf(spec, environment)
  const resolved = resolveCommand(command, spec.workingDir, env)
  if ('because' in resolved) return `${command} could not be run: ${resolved.because}`.slice(0, limits.quotedText)

  // In its name, but as eagerly as we ourselves: a probe that is served last would say little.
  const launcher = identityOf(spec, resolved.path)
  if ('because' in launcher) return launcher.because.slice(0, limits.quotedText)
  const [program = '', ...words] = [...launcher.argv, resolved.path, ...args]

  // Loaded with the first probe that needs it: it is a quarter of our memory.
  const { execa } = await import('execa')
  const child = execa(program, words, {
    cwd: spec.workingDir,
    env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
  })
  const { pid } = child
  let exited = false
  const kill = (): void => {
    if (pid !== undefined && !exited) send(-pid, 'SIGKILL')
  }
  const output = lastOf(child.all)
  // What it leaves behind must neither live on nor hold the pipes open.
  child.nodeChildProcess.once('exit', () => {
    kill()
    // From here on its number may be given to a stranger.
    exited = true
  })
  const stopped = new Promise<'stopped'>((resolve) => {
    const stop = (): void => {
      kill()
      resolve('stopped')
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })

  const ended = await Promise.race([child, stopped])
  if (ended === 'stopped') return reasonOf(signal.reason, signal)
  if (ended.exitCode === 0) return null
  const how = ended.exitCode === undefined ? `was ended by ${ended.signal ?? 'an error'}` : `exited with code ${ended.exitCode}`
  const said = output()
  return said === '' ? `${command} ${how}` : `${command} ${how}: ${said}`
}

/** Keeps the end of what is said, on one line. */
function lastOf(stream: NodeJS.ReadableStream): () => string {
  let kept: Buffer = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    kept = Buffer.from(Buffer.concat([kept, chunk]).subarray(-4 * limits.probeOutput))
  })
  stream.on('error', () => undefined)
  return () => kept.toString('utf8').trim().replaceAll(/\s+/g, ' ').slice(-limits.probeOutput)
}
