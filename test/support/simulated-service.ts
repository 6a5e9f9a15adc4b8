import { createActor, SimulatedClock } from 'xstate'
import { stateName } from '../../src/directory.ts'
import { processMachine } from '../../src/machines/process.ts'
import { serviceMachine, type GateInput, type Restored, type ServiceEvent } from '../../src/machines/service.ts'
import type { Statement } from '../../src/protocol/facts.ts'
import type { ChildCommand, ChildInput, ProbeCommand, ProbeInput } from '../../src/protocol/process.ts'
import type { ServiceSpec } from '../../src/protocol/service.ts'
import { fake } from './fake.ts'

/** SERVICE with its real PROCESS on a simulated clock; only the OS is a fake. */
export function simulated(spec: ServiceSpec, restored?: Restored, group?: string) {
  const clock = new SimulatedClock()
  const child = fake<ChildCommand, ChildInput>()
  const looks = fake<ProbeCommand, ProbeInput>()
  const gate = fake<{ type: 'gate.look' }, GateInput>()
  const facts: Statement[] = []
  const machine = serviceMachine.provide({
    actors: { process: processMachine.provide({ actors: { child: child.logic, probe: looks.logic } }), gate: gate.logic },
    actions: { state: (_, statement) => facts.push(statement) },
  })
  const actor = createActor(machine, { input: { spec, run: 'run', restored, group }, clock }).start()
  const incarnation = (): string => child.inputs.at(-1)?.incarnation ?? ''
  return {
    actor,
    clock,
    child,
    looks,
    gate,
    facts,
    state: () => stateName(actor.getSnapshot().value),
    context: () => actor.getSnapshot().context,
    send: (event: ServiceEvent) => actor.send(event),
    /** How many processes were asked for. */
    spawns: () => child.inputs.length,
    spawned: (pid = 7) =>
      child.emit({
        type: 'child.spawned',
        incarnation: incarnation(),
        pid,
        start: 1,
        leader: { pid, start: 1 },
        containment: 'cgroup',
        logOffset: 0,
        at: clock.now(),
      }),
    exited: (code = 1) =>
      child.emit({
        type: 'child.exited',
        incarnation: incarnation(),
        exit: { kind: 'exited', code },
        empty: true,
        at: clock.now(),
        dice: 0,
      }),
    unspawnable: (passing = false) =>
      child.emit({
        type: 'child.unspawnable',
        incarnation: incarnation(),
        because: 'no such file',
        passing,
        at: clock.now(),
        dice: 0,
      }),
  }
}
