import { messageOf } from './protocol/errors.ts'
import type { Journal } from './protocol/journal.ts'
import type { ModeRecord } from './protocol/mode.ts'
import type { ServiceSpec } from './protocol/service.ts'
import type { Groups } from './groups.ts'
import type { createReloading } from './reloading.ts'
import type { createSupervisor } from './supervisor.ts'

/** The mode that a command chose, as the journal keeps it: it holds over every end but a shutdown. */

export interface ChosenModeParts {
  journal(): Pick<Journal, 'put' | 'remove' | 'sync'>
  readonly reloading: Pick<ReturnType<typeof createReloading>, 'current' | 'become'>
  readonly groups: Pick<Groups, 'announce'>
  readonly supervisor: Pick<ReturnType<typeof createSupervisor>, 'warn'>
}

export interface ChosenMode {
  /** Resolves once it is on the disk; rejects with `storage`. */
  keep(mode: string, by: string): Promise<void>
  drop(): Promise<void>
  /** Goes on in it, where nothing comes before it: the services to start with. `fresh`: the fleet was shut down on request. */
  resume(record: ModeRecord | null, fresh: boolean): readonly ServiceSpec[]
}

const key = 'mode'

export function createChosenMode({ journal, reloading, groups, supervisor }: ChosenModeParts): ChosenMode {
  const drop = (): Promise<void> => {
    journal().remove('mode', key)
    return journal().sync()
  }
  return {
    async keep(mode, by) {
      journal().put({ kind: 'mode', key, value: { format: 1, mode, by } satisfies ModeRecord })
      await journal().sync()
    },
    drop,
    resume(record, fresh) {
      const { services, modes } = reloading.current()
      if (record === null) return services
      // A flag comes before it, and a shutdown ends what was asked of the fleet.
      if (fresh || modes === undefined || modes.source === 'flag') {
        journal().remove('mode', key)
        return services
      }
      try {
        const config = modes.in(record.mode)
        reloading.become(config)
        groups.announce(config.groups ?? [])
        return config.services
      } catch (error) {
        journal().remove('mode', key)
        const [first = ''] = messageOf(error).split('\n')
        supervisor.warn(`the mode ${record.mode}, which was switched to, can't be gone on with: ${first}`)
        return services
      }
    },
  }
}
