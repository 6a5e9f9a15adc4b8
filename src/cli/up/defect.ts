import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Orchestrator } from '../../options.ts'
import { errorCodes, messageOf } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import { comeBack } from '../connection.ts'
import { err } from '../terminal.ts'
import type { Display } from './display.ts'
import type { OwnLog } from './own-log.ts'

export interface DefectParts {
  readonly orchestrator: Pick<Orchestrator, 'crash'>
  readonly log: Pick<OwnLog, 'fatal'>
  readonly display: Pick<Display, 'abandon'>
  readonly configPath: string
}

/**
 * Something was thrown where nothing may be: nobody knows any more what state we are in. So we end, without touching a service,
 * and the next `up` goes on with what the journal and the machine show.
 */
export function endOnDefect(parts: DefectParts): void {
  let ending = false
  // Unhandled rejections come here as well.
  process.on('uncaughtException', (thrown: unknown) => {
    const again = ending
    ending = true
    // What we do about it may be what is broken: each step is tried, and none may bring us back here.
    attempt(() => parts.log.fatal({ err: thrown }, 'a defect of our own: the orchestrator ends, the services go on'))
    if (!again) void end(thrown, parts)
  })
}

async function end(thrown: unknown, { orchestrator, display, configPath }: DefectParts): Promise<void> {
  try {
    attempt(() => display.abandon())
    const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)
    await bounded(() => orchestrator.crash(thrown instanceof Error ? thrown : new Error(stack)))
    await bounded(() =>
      err.lines([
        `hyphae: ${stack}`,
        `hyphae: a defect of our own ended the orchestrator; the services go on. Come back with: ${comeBack(configPath)}`,
      ]),
    )
  } finally {
    process.exit(errorCodes.internal.exit)
  }
}

/** A disk or a terminal that does not answer must not keep us. */
async function bounded(work: () => Promise<void>): Promise<void> {
  try {
    await Promise.race([work(), sleep(2 * limits.closeTime)])
  } catch {
    // What comes after it matters more.
  }
}

function attempt(step: () => void): void {
  try {
    step()
  } catch {
    // There is nobody left to tell.
  }
}
