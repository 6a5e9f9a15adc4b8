import { assign, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import {
  scheduleInWords,
  type CalendarFact,
  type CalendarInput,
  type OrderAnswered,
  type OrderInput,
  type Schedule,
} from '../protocol/schedule.ts'
import { port } from './port.ts'

/**
 * SCHEDULE: the restarts of one service by the calendar. It waits for the next time and then orders an ordinary restart, under
 * way one at a time. What is the matter with the service then, the order finds out: one that does not run is not started.
 *
 *   kept.planning ──next──▶ kept.waiting ──due──▶ kept.ordering ──answered──▶ kept.waiting
 *        ▲ RESCHEDULE, from anywhere          END, from anywhere ──▶ ended
 */

export interface ScheduleInput extends CalendarInput {
  readonly service: string
}

interface ScheduleContext extends ScheduleInput {
  readonly address: string
  /** ISO 8601; null: never again, or not known yet. */
  readonly nextAt: string | null
  readonly because: string
}

export type ScheduleEvent =
  | CalendarFact
  | OrderAnswered
  | { readonly type: 'RESCHEDULE'; readonly schedule: Schedule }
  | { readonly type: 'END' }

const missed = {
  type: 'state',
  params: ({ context, event }: { context: ScheduleContext; event: Extract<CalendarFact, { type: 'calendar.missed' }> }) => ({
    type: 'schedule.missed' as const,
    about: addressOf('service', context.service),
    because: event.because,
    by: scheduleInWords(context.schedule),
  }),
} as const

export const scheduleMachine = setup({
  types: {
    input: {} as ScheduleInput,
    context: {} as ScheduleContext,
    events: {} as ScheduleEvent,
    tags: {} as Phase,
  },
  actors: {
    calendar: port<{ type: 'calendar.none' }, CalendarInput>('calendar'),
    order: port<{ type: 'order.none' }, OrderInput>('order'),
  },
  actions: {
    state: (_, _statement: Statement) => {},
    explain: assign({ because: (_, because: string) => because }),
    plan: assign({ nextAt: (_, at: string | null) => at }),
    // What an earlier schedule missed is no affair of the new one.
    reschedule: assign((_, schedule: Schedule) => ({ schedule, nextAt: null, awaySince: null })),
  },
}).createMachine({
  id: 'schedule',
  context: ({ input }) => ({
    ...input,
    address: addressOf('schedule', input.service),
    nextAt: null,
    because: `asked for by the config: ${scheduleInWords(input.schedule)}`,
  }),
  initial: 'kept',
  states: {
    kept: {
      invoke: {
        id: 'calendar',
        src: 'calendar',
        input: ({ context: { schedule, awaySince } }) => ({ schedule, awaySince }),
        onError: {
          target: 'ended',
          actions: { type: 'explain', params: ({ event }) => `the calendar failed: ${String(event.error)}` },
        },
      },
      on: {
        'calendar.next': { actions: { type: 'plan', params: ({ event }) => event.at } },
        'calendar.missed': { actions: [{ type: 'explain', params: ({ event }) => event.because }, missed] },
        RESCHEDULE: {
          target: 'kept',
          reenter: true,
          actions: [
            { type: 'reschedule', params: ({ event }) => event.schedule },
            { type: 'explain', params: ({ event }) => `changed by the config: ${scheduleInWords(event.schedule)}` },
          ],
        },
        END: { target: 'ended', actions: { type: 'explain', params: 'not wanted any more' } },
      },
      initial: 'planning',
      states: {
        planning: {
          tags: 'handshake',
          on: {
            'calendar.next': { target: 'waiting', actions: { type: 'plan', params: ({ event }) => event.at } },
          },
        },
        waiting: { tags: 'handshake', on: { 'calendar.due': 'ordering' } },
        ordering: {
          tags: 'active',
          invoke: {
            id: 'order',
            src: 'order',
            input: ({ context: { service, schedule } }) => ({ service, schedule }),
            onError: {
              target: 'waiting',
              actions: { type: 'explain', params: ({ event }) => `the restart could not be asked for: ${String(event.error)}` },
            },
          },
          on: {
            'order.answered': { target: 'waiting', actions: { type: 'explain', params: ({ event }) => event.because } },
            // The restart before is that one, too.
            'calendar.due': {
              actions: { type: 'explain', params: 'due again while the restart before was under way: one restart is enough' },
            },
          },
        },
      },
    },
    ended: { tags: 'reaped', type: 'final' },
  },
})
