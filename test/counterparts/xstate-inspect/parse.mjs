// Makes machines of XState 4 of the messages that it reads, one JSON text a line, and tells what they are.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { createMachine, State } = createRequire(import.meta.url)('xstate')

for await (const line of createInterface({ input: process.stdin })) {
  const { machine: definition, states } = JSON.parse(line)
  const machine = createMachine(JSON.parse(definition))
  // Resolves every transition: one to a state that is not there would throw.
  JSON.stringify(machine.definition)
  const told = states.map((text) => {
    const state = State.create(JSON.parse(text))
    const { value, tags, nextEvents } = machine.resolveState(state)
    return { given: state.value, value, tags: [...tags], states: state.toStrings(), nextEvents }
  })
  process.stdout.write(`${JSON.stringify({ id: machine.id, ids: machine.stateIds, events: machine.events, told })}\n`)
}
