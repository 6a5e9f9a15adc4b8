import { assign, setup } from 'xstate'
import type { Statement } from '../protocol/facts.ts'
import { addressOf } from '../protocol/ids.ts'
import type { Phase } from '../protocol/lifecycle.ts'
import { describeClose, type ListenerEvent } from '../protocol/link.ts'
import type { Principal } from '../protocol/principal.ts'
import { port } from './port.ts'

/**
 * LISTENER: one server socket. What it accepts becomes a connection actor; the socket itself stays in the `socket` actor.
 *
 *   binding ──bound──▶ listening ──closed──▶ closed ──OPEN──▶ binding
 *      └──────closed (the address is taken)────▲
 */

export interface ListenerInput {
  /** The config's key: control, supervisor, http, … */
  readonly name: string
  /** Scheme and place: `unix:/path`. */
  readonly endpoint: string
  readonly dialect: string
}

export interface Admission {
  readonly listener: string
  readonly link: string
  readonly peer: string
  readonly dialect: string
  /** Who is at the other end, where the transport has had it proved already. */
  readonly principal?: Principal | undefined
}

export const listenerMachine = setup({
  types: {
    input: {} as ListenerInput,
    context: {} as ListenerInput & { readonly address: string; readonly bound: string | null; readonly because: string | null },
    events: {} as ListenerEvent | { readonly type: 'OPEN' },
    tags: {} as Phase,
  },
  actors: { socket: port<{ type: 'socket.none' }, ListenerInput>('socket') },
  actions: {
    state: (_, _statement: Statement) => {},
    /** Makes a connection actor of an accepted link. */
    admit: (_, _admission: Admission) => {},
  },
}).createMachine({
  id: 'listener',
  context: ({ input }) => ({ ...input, address: addressOf('listener', input.name), bound: null, because: null }),
  initial: 'open',
  states: {
    open: {
      invoke: {
        id: 'socket',
        src: 'socket',
        input: ({ context: { name, endpoint, dialect } }) => ({ name, endpoint, dialect }),
        onError: { target: 'closed', actions: assign({ bound: null, because: ({ event }) => String(event.error) }) },
      },
      on: {
        'listener.closed': {
          target: 'closed',
          actions: assign({ bound: null, because: ({ event }) => describeClose(event.reason) }),
        },
      },
      initial: 'binding',
      states: {
        binding: {
          tags: 'handshake',
          on: {
            'listener.bound': {
              target: 'listening',
              actions: assign({ bound: ({ event }) => event.address, because: ({ event }) => `listening on ${event.address}` }),
            },
          },
        },
        listening: {
          tags: 'active',
          entry: {
            type: 'state',
            params: ({ context }) => ({
              type: 'listener.bound',
              about: context.address,
              because: context.because,
              data: { address: context.bound },
            }),
          },
          on: {
            'listener.accepted': {
              actions: {
                type: 'admit',
                params: ({ context, event }) => ({
                  listener: context.name,
                  link: event.link,
                  peer: event.peer,
                  dialect: event.dialect ?? context.dialect,
                  principal: event.principal,
                }),
              },
            },
          },
        },
      },
    },
    closed: {
      tags: 'reaped',
      entry: {
        type: 'state',
        params: ({ context }) => ({ type: 'listener.failed', about: context.address, because: context.because }),
      },
      on: { OPEN: 'open' },
    },
  },
})
