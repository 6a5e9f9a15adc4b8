import { setup, type AnyActorLogic, type ErrorActorEvent } from 'xstate'
import { messageOf } from '../protocol/errors.ts'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'

/**
 * ORCHESTRATOR: the root of the supervision tree and nothing else; there is no domain in it.
 *
 *   orchestrator ─┬─ services      pool of service.<name>, each with its process
 *                 ├─ groups        pool of group.<name>
 *                 ├─ workflows     pool of restart.<id>
 *                 ├─ rollings      pool of rolling.<id>
 *                 ├─ reloads       pool of reload.<id>
 *                 ├─ switches      pool of switch.<id>
 *                 ├─ schedules     pool of schedule.<service>
 *                 ├─ programs      pool of program.<id>
 *                 ├─ shutdowns     pool of shutdown.fleet
 *                 ├─ rotations     pool of rotation.logs
 *                 ├─ hooks         pool of hook.<id>
 *                 ├─ lockdowns     pool of lockdown.fleet
 *                 ├─ logins        pool of login.<id>
 *                 ├─ listeners     pool of listener.<name>
 *                 └─ connections   pool of connection.<id>
 *
 * A pool that crashes is stated and stays away; it takes nothing with it.
 */
export const pools = [
  'services',
  'groups',
  'workflows',
  'rollings',
  'programs',
  'reloads',
  'switches',
  'schedules',
  'shutdowns',
  'rotations',
  'hooks',
  'lockdowns',
  'logins',
  'listeners',
  'connections',
] as const
export type PoolName = (typeof pools)[number]

export function orchestratorOf(actors: Readonly<Record<PoolName, AnyActorLogic>>, state: (statement: Statement) => void) {
  return setup({
    types: { context: {} as { readonly address: string }, events: {} as ErrorActorEvent, tags: {} as Phase },
    actors,
    actions: { state: (_, statement: Statement) => state(statement) },
  }).createMachine({
    id: 'orchestrator',
    context: { address: addressOf('supervisor', 'root') },
    // All of them are of one type; a union of many names is more than TypeScript compares.
    invoke: pools.map((name) => ({ id: name, src: name as 'services', input: { name } })),
    on: {
      'xstate.error.actor.*': {
        actions: {
          type: 'state',
          params: ({ event }) => ({
            type: 'actor.crashed',
            about: addressOf('supervisor', event.actorId),
            because: messageOf(event.error),
          }),
        },
      },
    },
    initial: 'open',
    states: { open: { tags: 'active' } },
  })
}
