import { join } from 'node:path'
import process from 'node:process'
import { connect } from '../../client/index.ts'
import { findConfig } from '../../config/file.ts'
import { formatProblem } from '../../config/frame.ts'
import { dormantText, loadConfig } from '../../config/load.ts'
import { findControlSocket } from '../../control-socket.ts'
import type { Orchestrator } from '../../options.ts'
import { createOrchestrator } from '../../orchestrator.ts'
import { errorCodes, HyphaeError, messageOf } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { ActorStatus, FleetStatus } from '../../protocol/status.ts'
import { queryTime } from '../connection.ts'
import { err, out } from '../terminal.ts'
import { childEnvironment } from './environment.ts'
import { liveDisplay } from './live-display.ts'
import { openOwnLog } from './own-log.ts'
import { plainDisplay } from './plain-display.ts'

/** What runs in this process asks as itself. */
const ourselves: Principal = { name: 'hyphae up', via: 'internal', role: 'admin' }

/** Runs the fleet of a config until it is shut down, by a signal or by a command. */
export async function up(given: string | undefined): Promise<void> {
  const config = loadConfig(given ?? findConfig(process.cwd(), process.env), process.env)
  const { services, stateDir, path, warnings, dormant, secretVariables } = config
  const color = err.coloured()
  await err.lines(warnings.map((warning) => `warning: ${formatProblem(warning, { color })}`))
  if (dormant.length > 0) await err.lines([`warning: ${dormantText(dormant)}`])
  await refuseSecond(stateDir)

  const log = openOwnLog(config.log.file ?? join(stateDir, 'supervisor.log'), config.log.level)
  const orchestrator = createOrchestrator({
    services,
    stateDir,
    configPath: path,
    warnings: [
      ...warnings.map((warning) => `${warning.file}:${warning.line}: ${warning.message}`),
      ...(dormant.length > 0 ? [dormantText(dormant)] : []),
    ],
    environment: childEnvironment(process.env, secretVariables),
    log,
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a defect of our own: the orchestrator ends, the services go on')
    void lastWords(error)
  })
  const display = (out.live ? liveDisplay : plainDisplay)(
    out,
    async () => (await ask(orchestrator, 'system.status', {})) as FleetStatus,
  )
  orchestrator.onFact(display.fact)
  const begun = orchestrator.start()
  const reload = async (): Promise<void> => {
    try {
      await orchestrator.reload(loadConfig(path, process.env).services)
    } catch (error) {
      // A config that is wrong changes nothing.
      log.error({ err: error }, 'the config was not reloaded')
      display.remark(`the config was not reloaded: ${messageOf(error)}`)
    }
  }
  obeySignals(orchestrator, begun, reload, display.remark)
  try {
    await begun
    await orchestrator.finished
  } finally {
    // The last picture needs what the end takes away.
    await display.end()
    await orchestrator.close()
  }
}

async function lastWords(error: Error): Promise<void> {
  await err.lines([`hyphae: ${error.stack ?? error.message}`])
  process.exit(errorCodes.internal.exit)
}

async function ask(orchestrator: Orchestrator, command: string, input: unknown): Promise<unknown> {
  const reply = await orchestrator.gateway.invoke(ourselves, command, input)
  if (reply.ok) return reply.output
  throw new HyphaeError(reply.error.code, reply.error.message, reply.error.data)
}

/** Signals closer together than this are one wish, ms. */
const sameWish = 500

/** One state folder has one orchestrator: who answers there already is named. */
async function refuseSecond(stateDir: string): Promise<void> {
  const other = await connect({ socket: findControlSocket(stateDir), ...queryTime }).catch(() => undefined)
  if (other === undefined) return
  try {
    const { supervisor } = await other.call('system.status', { services: [] }, queryTime)
    const message = `already running as pid ${supervisor.pid} with the state folder ${stateDir}; stop it with: hyphae down`
    throw new HyphaeError('busy', message, { pid: supervisor.pid, state: stateDir })
  } finally {
    other.close()
  }
}

/** SIGINT and SIGTERM stop everything; another one kills what does not stop. SIGHUP reads the config again. */
function obeySignals(
  orchestrator: Orchestrator,
  begun: Promise<void>,
  reload: () => Promise<void>,
  remark: (text: string) => void,
): void {
  let asked: number | undefined
  const stop = (signal: string): void => {
    const now = performance.now()
    if (asked !== undefined) {
      // One Ctrl-C can arrive twice: from the terminal, and passed on by npm.
      if (now - asked < sameWish) return
      remark('killing what is still stopping')
      void killRest(orchestrator)
      return
    }
    asked = now
    remark(signal === 'SIGINT' ? 'stopping; Ctrl-C again kills what is still stopping' : 'stopping')
    // A start that failed ends by itself.
    begun.then(
      () => orchestrator.shutdown(signal),
      () => {},
    )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Until everything is up there is nothing to go over to.
  process.on('SIGHUP', () => void begun.then(reload, () => {}))
}

async function killRest(orchestrator: Orchestrator): Promise<void> {
  const { actors } = (await ask(orchestrator, 'actor.list', { kind: 'process' })) as { actors: ActorStatus[] }
  for (const { address, accepts } of actors) {
    if (accepts.includes('KILL')) await ask(orchestrator, 'actor.send', { to: address, event: { type: 'KILL' } }).catch(() => {})
  }
}
