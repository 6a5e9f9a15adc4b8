import { join } from 'node:path'
import process from 'node:process'
import { moveToLeaf } from '../../actors/own-cgroup.ts'
import type { LoadedConfig } from '../../config/load.ts'
import { createOrchestrator, optionsOf } from '../../embed.ts'
import type { Orchestrator } from '../../options.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import type { HealthReport } from '../../protocol/health.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { ActorStatus, FleetStatus } from '../../protocol/status.ts'
import { comeBack } from '../connection.ts'
import { resumedModeLines } from '../render/mode.ts'
import { out, outliveOutput } from '../terminal.ts'
import { endOnDefect } from './defect.ts'
import { liveDisplay } from './live-display.ts'
import { notifierOf } from './notify.ts'
import { warnOfOrphans } from './first-process.ts'
import { makeFolder, ownLog } from './own-log.ts'
import { boundOutput } from './own-output.ts'
import { plainDisplay } from './plain-display.ts'
import { reloadsOf } from './reloads.ts'

/** What runs in this process asks as itself. */
const ourselves: Principal = { name: 'hyphae up', via: 'internal', role: 'admin' }

/** Runs the fleet of a config until it is shut down or left, by a signal or by a command. */
export async function up(config: LoadedConfig, { watch }: { readonly watch: boolean }): Promise<void> {
  const { stateDir, path } = config
  makeFolder(stateDir)
  const log = ownLog(config.log.file ?? join(stateDir, 'supervisor.log'), config.log)
  // Before there is anything of ours that would have to move along.
  moveToLeaf({ env: process.env })
  const orchestrator = createOrchestrator({ ...optionsOf(config), log })
  const display = (out.live ? liveDisplay : plainDisplay)(
    out,
    async () => (await ask(orchestrator, 'system.status', {})) as FleetStatus,
  )
  endOnDefect({ orchestrator, log, display, configPath: path })
  const health = async (): Promise<HealthReport> => (await ask(orchestrator, 'system.health', {})) as HealthReport
  const notifier = notifierOf({ orchestrator, log, health })
  await warnOfOrphans(log)
  let left = false
  orchestrator.onFact((fact) => {
    display.fact(fact)
    notifier.fact(fact)
    left ||= fact.type === 'system.left'
  })
  outliveOutput()
  const unbound = boundOutput(join(stateDir, 'up.out'), config.log)
  const begun = orchestrator.start()
  const reloads = reloadsOf({ orchestrator, log, display, ...(watch ? { watch: [path, ...config.envFiles] } : {}) })
  obeySignals(orchestrator, begun, reloads.onHangup, display.remark)
  const onceUp = (): void => {
    // Until everything is up there is nothing to go over to.
    reloads.begin()
    notifier.ready()
    resumedModeLines(orchestrator.view.supervisor()).forEach(display.remark)
  }
  begun.then(onceUp, () => {})
  try {
    await begun
    await orchestrator.finished
  } finally {
    reloads.stop()
    unbound()
    // The last picture needs what the end takes away.
    await display.end()
    await orchestrator.close()
    await notifier.end()
  }
  if (left) await out.lines([`the services go on; come back with: ${comeBack(path)}`])
}

async function ask(orchestrator: Orchestrator, command: string, input: unknown): Promise<unknown> {
  const reply = await orchestrator.gateway.invoke(ourselves, command, input)
  if (reply.ok) return reply.output
  throw new HyphaeError(reply.error.code, reply.error.message, reply.error.data)
}

/** Signals closer together than this are one wish, ms. */
const sameWish = 500

/** SIGINT and SIGTERM stop everything; another one kills what does not stop. SIGHUP reads the config again. */
function obeySignals(orchestrator: Orchestrator, begun: Promise<void>, reload: () => void, remark: (text: string) => void): void {
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
