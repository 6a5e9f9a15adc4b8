// The receiver of @xstate/inspect. `receiver.mjs <host:port/path>` prints one JSON text a line of what it receives; each line
// that it reads is sent back with `receiver.send`.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)
globalThis.WebSocket = require('ws').WebSocket
const { createWebSocketReceiver } = require('@xstate/inspect')

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const receiver = createWebSocketReceiver({ server: process.argv[2] })
receiver.subscribe(
  ({ type, sessionId, id, parent, machine, state, event }) =>
    say({
      type,
      sessionId,
      id,
      parent,
      ...(machine && { machine: machine.id, states: machine.stateIds.length, events: machine.events }),
      ...(state && {
        value: state.value,
        states: state.toStrings(),
        context: state.context,
        tags: [...state.tags],
        done: state.done,
        // What the machine makes of it: one with states that it does not know would throw.
        ...(machine && { next: machine.resolveState(state).nextEvents }),
      }),
      ...(event && { event: event.name, data: event.data }),
    }),
  (error) => say({ type: 'error', message: String(error.message ?? error.type) }),
)
createInterface({ input: process.stdin }).on('line', (line) => receiver.send(JSON.parse(line)))
