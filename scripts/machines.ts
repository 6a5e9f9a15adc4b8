import { fromCallback, type AnyStateMachine } from 'xstate'
import { connectionMachine } from '../src/machines/connection.ts'
import { groupMachine } from '../src/machines/group.ts'
import { hookMachine } from '../src/machines/hook.ts'
import { listenerMachine } from '../src/machines/listener.ts'
import { lockdownMachine } from '../src/machines/lockdown.ts'
import { loginMachine } from '../src/machines/login.ts'
import { rotationMachine } from '../src/machines/rotation.ts'
import { processMachine } from '../src/machines/process.ts'
import { programMachine } from '../src/machines/program.ts'
import { reloadMachine } from '../src/machines/reload.ts'
import { orchestratorOf, pools } from '../src/machines/orchestrator.ts'
import { poolOf } from '../src/machines/pool.ts'
import { restartMachine } from '../src/machines/restart.ts'
import { scheduleMachine } from '../src/machines/schedule.ts'
import { rollingMachine } from '../src/machines/rolling.ts'
import { serviceMachine } from '../src/machines/service.ts'
import { switchMachine } from '../src/machines/switch.ts'
import { shutdownMachine } from '../src/machines/shutdown.ts'

/** Every machine that has a life of its own: its address, and what it is. Their ports are not filled. */
export const lifecycles: ReadonlyArray<readonly [string, string, AnyStateMachine]> = [
  [
    'service.&lt;name&gt;',
    'What the user named. It outlives its processes and decides what follows when one ends.',
    serviceMachine,
  ],
  ['process.&lt;name&gt;', 'One incarnation of a program, from its spawn until nothing of it is left.', processMachine],
  ['group.&lt;name&gt;', 'Services that are restarted together, as their strategy says.', groupMachine],
  ['restart.&lt;id&gt;', 'One restart of one service, step by step.', restartMachine],
  ['rolling.&lt;id&gt;', 'The instances of one service, restarted one after the other.', rollingMachine],
  ['program.&lt;id&gt;', 'One program, run to its end.', programMachine],
  ['schedule.&lt;service&gt;', 'The restarts of one service by the calendar.', scheduleMachine],
  ['reload.&lt;id&gt;', 'The config read again, and the fleet gone over to it.', reloadMachine],
  ['switch.&lt;id&gt;', 'From one mode of the fleet to another, and back where that fails.', switchMachine],
  ['shutdown.fleet', 'The fleet, stopped layer by layer.', shutdownMachine],
  ['rotation.logs', 'Keeps the logs of all services within their sizes.', rotationMachine],
  ['hook.&lt;id&gt;', 'One event on its way to somebody outside.', hookMachine],
  ['lockdown.fleet', 'May anybody change anything?', lockdownMachine],
  ['login.&lt;id&gt;', 'A ticket that lets in once, and what becomes of it.', loginMachine],
  ['listener.&lt;name&gt;', 'One server socket.', listenerMachine],
  ['connection.&lt;id&gt;', 'One client.', connectionMachine],
]

const pool = poolOf(
  fromCallback(() => {}),
  () => {},
)
const { bucket } = pool.implementations.actors

/** All machines that actors follow, those that only supervise others included. */
export const machines: readonly AnyStateMachine[] = [
  ...lifecycles.map(([, , machine]) => machine),
  orchestratorOf(
    Object.fromEntries(pools.map((name) => [name, pool])) as Record<(typeof pools)[number], AnyStateMachine>,
    () => {},
  ),
  pool,
  bucket as AnyStateMachine,
]
