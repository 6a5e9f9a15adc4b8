import { assign, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { limits } from '../protocol/limits.ts'
import type { ReadConfig, ReloadAnswer, ReloadChange, ReloadRefusal, ReloadResult } from '../protocol/reload.ts'
import { port } from './port.ts'

/**
 * RELOAD: the config read again, and the fleet gone over to what it says. What has not changed is not touched, and a config
 * that is wrong changes nothing. It is done once every service concerned has been told; what they make of it is their affair.
 *
 *   reading ──read──▶ planned ──▶ applying ──told──▶ done
 *      │                 └── a dry run ──────────────▶ done
 *      └── wrong, busy, stopping ──▶ refused ◀── stopping: applying
 */

export interface ReloadInput {
  readonly id: string
  readonly by: string
  /** Another config than the one of now; null: that one. */
  readonly configPath: string | null
  /** Only says what would change. */
  readonly dryRun: boolean
}

/** What there is to read, and who reads. */
export interface SourceInput extends Omit<ReloadInput, 'by' | 'id'> {
  readonly address: string
}
export interface ConfigRead {
  readonly type: 'config.read'
  readonly read: ReadConfig
  /** What going over to it would change. */
  readonly answer: ReloadAnswer
}
export interface ReloadRefused {
  readonly type: 'reload.refused'
  readonly refusal: ReloadRefusal
}

/** The config to go over to. */
export interface ChangeoverInput {
  readonly read: ReadConfig
}
/** Every service concerned has been told. */
export interface ChangeoverTold {
  readonly type: 'changeover.told'
  readonly answer: ReloadAnswer
}

interface ReloadContext extends ReloadInput, ReloadResult {
  readonly address: string
  readonly because: string
  readonly read: ReadConfig
}

const broken = (because: string): ReloadRefusal => ({ code: 'internal', message: because, data: {} })

/** Names for a fact, which lives long: of very many, the first. */
const named = (changes: readonly ReloadChange[], change: ReloadChange['change']): string[] =>
  changes
    .filter((one) => one.change === change)
    .slice(0, limits.reloadNames)
    .map(({ service }) => service)

export const reloadMachine = setup({
  types: {
    input: {} as ReloadInput,
    context: {} as ReloadContext,
    events: {} as ConfigRead | ReloadRefused | ChangeoverTold,
    output: {} as ReloadResult,
    tags: {} as Phase,
  },
  actors: {
    source: port<{ type: 'source.none' }, SourceInput>('source'),
    changeover: port<{ type: 'changeover.none' }, ChangeoverInput>('changeover'),
  },
  guards: {
    isDry: ({ context }) => context.dryRun,
    /** The config is to blame, and somebody wanted to go over to it. */
    isWrong: ({ context }, { code }: ReloadRefusal) => code === 'invalid_params' && !context.dryRun,
  },
  actions: {
    state: (_, _statement: Statement) => {},
    plan: assign((_, { read, answer }: ConfigRead) => ({ read, answer, because: answer.because })),
    conclude: assign((_, answer: ReloadAnswer) => ({ answer, because: answer.because })),
    refuse: assign((_, refusal: ReloadRefusal) => ({ refusal, answer: null, because: refusal.message })),
  },
}).createMachine({
  id: 'reload',
  context: ({ input }) => ({
    ...input,
    address: addressOf('reload', input.id),
    because: `asked for by ${input.by}`,
    read: { path: null, services: [] },
    answer: null,
    refusal: null,
  }),
  initial: 'reading',
  on: {
    'reload.refused': [
      {
        guard: { type: 'isWrong', params: ({ event }) => event.refusal },
        target: '.refused',
        actions: [
          { type: 'refuse', params: ({ event }) => event.refusal },
          {
            type: 'state',
            params: ({ context, event }) => ({
              type: 'system.reloadRefused',
              about: addressOf('supervisor', 'root'),
              because: event.refusal.message,
              by: context.by,
            }),
          },
        ],
      },
      { target: '.refused', actions: { type: 'refuse', params: ({ event }) => event.refusal } },
    ],
  },
  states: {
    reading: {
      tags: 'handshake',
      invoke: {
        id: 'source',
        src: 'source',
        input: ({ context: { address, configPath, dryRun } }) => ({ address, configPath, dryRun }),
        onError: { target: 'refused', actions: { type: 'refuse', params: broken('the config could not be looked at') } },
      },
      on: { 'config.read': { target: 'planned', actions: { type: 'plan', params: ({ event }) => event } } },
    },
    planned: {
      // Passed through within one step.
      tags: 'handshake',
      always: [{ guard: 'isDry', target: 'done' }, { target: 'applying' }],
    },
    applying: {
      tags: 'active',
      invoke: {
        id: 'changeover',
        src: 'changeover',
        input: ({ context: { read } }) => ({ read }),
        onError: { target: 'refused', actions: { type: 'refuse', params: broken('the services could not be told') } },
      },
      on: {
        'changeover.told': {
          target: 'done',
          actions: [
            { type: 'conclude', params: ({ event }) => event.answer },
            {
              type: 'state',
              params: ({ context, event: { answer } }) => ({
                type: 'system.reloaded',
                about: addressOf('supervisor', 'root'),
                because: answer.because,
                by: context.by,
                data: {
                  config: answer.config,
                  added: named(answer.changes, 'added'),
                  changed: named(answer.changes, 'changed'),
                  removed: named(answer.changes, 'removed'),
                },
              }),
            },
          ],
        },
      },
    },
    done: { tags: 'reaped', type: 'final' },
    refused: { tags: 'reaped', type: 'final' },
  },
  output: ({ context: { answer, refusal } }) => ({ answer, refusal }),
})
