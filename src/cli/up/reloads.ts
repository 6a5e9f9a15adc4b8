import type { Orchestrator } from '../../options.ts'
import { HyphaeError } from '../../protocol/errors.ts'
import type { ReloadAnswer } from '../../protocol/reload.ts'
import { watchConfig, type ConfigWatch } from '../config-watch.ts'
import { problemsIn } from '../render/problems.ts'
import { createRepeater } from '../repeater.ts'
import type { Display } from './display.ts'
import type { OwnLog } from './own-log.ts'

export interface ReloadsParts {
  readonly orchestrator: Pick<Orchestrator, 'gateway'>
  readonly log: Pick<OwnLog, 'error'>
  readonly display: Pick<Display, 'remark'>
  /** The files to watch, where they are. */
  readonly watch?: readonly string[]
}

/** When `up` reads its config again by itself: on SIGHUP, and where it watches the file, when that changes. */
export function reloadsOf({ orchestrator, log, display, watch }: ReloadsParts) {
  let watched: ConfigWatch | undefined

  const reloadBy = (name: string) => async (): Promise<void> => {
    const reply = await orchestrator.gateway.invoke({ name, via: 'internal', role: 'admin' }, 'system.reload', {})
    if (reply.ok) {
      const { config, env_files: files, warnings } = reply.output as ReloadAnswer
      if (warnings.length > 0) display.remark(`the config was reloaded: ${warnings.join('; ')}`)
      if (config !== null) watched?.follow([config, ...files])
      return
    }
    const error = new HyphaeError(reply.error.code, reply.error.message, reply.error.data)
    // Somebody else is at it, and may have read the file before it changed.
    if (error.code === 'busy') throw error
    // A config that is wrong changes nothing.
    log.error({ err: error }, 'the config was not reloaded')
    const problems = problemsIn(error)
    display.remark(`the config was not reloaded: ${problems.length === 0 ? error.message : problems.join('\n')}`)
  }
  const hangup = createRepeater(reloadBy('SIGHUP'))
  const change = createRepeater(reloadBy('hyphae up --watch'))
  let begun = false
  let missed = false
  if (watch !== undefined)
    watched = watchConfig(watch, () => {
      missed = true
      if (begun) change.ask()
    })

  return {
    onHangup: hangup.ask,
    /** From now on a change is gone over to; one that came while everything was started, too. */
    begin(): void {
      begun = true
      if (missed) change.ask()
    },
    stop(): void {
      hangup.stop()
      change.stop()
      watched?.stop()
    },
  }
}
