import type { ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import type { Exit } from '../protocol/exit.ts'
import { messageOf } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import type { ChildCommand, ChildFact, ChildInput, Containment, ProcessIdentity } from '../protocol/process.ts'
import type { SignalName } from '../protocol/service.ts'
import type { Container, Containers } from './containment.ts'
import { createDeathWatch, type Watched } from './death-watch.ts'
import { readExit, removeExit } from './exit-record.ts'
import { isLimited, keeperOf, withReason } from './memory-end.ts'
import { isAlive, monotonic, readStat, spawnedAt } from './proc.ts'
import { ProcessGroup } from './process-group.ts'
import { listenTo, programOf } from './recorder.ts'
import { createScanner, markOf } from './scan.ts'
import type { SpawnQueue } from './spawn-queue.ts'
import { isPassing, spawnProgram } from './spawn-program.ts'

export interface ChildDependencies {
  logPath(service: string): string
  /** Told before a program is started, while no other of its service writes to its log. */
  renewLog?(service: string): void
  /** Where the exit code of a one-shot is written. Without its folder it is not, and the program runs all the same. */
  exitPath(service: string, incarnation: string): string
  /** An exit was reported that stands in this file: it may go, once the report can't be lost any more. */
  exitReported?(path: string): void
  /** What children inherit, without our secrets. */
  readonly environment: NodeJS.ProcessEnv
  /** Names the state folder, in each child's mark. */
  readonly stateId: string
  readonly containers: Containers
  readonly spawnQueue: SpawnQueue
  /** Monotonic ms. */
  readonly clock?: () => number
  /** In [0, 1). */
  readonly dice?: () => number
}

/**
 * Owns one incarnation of a program and everything that it starts, in its own group, from the spawn (or the adoption) until
 * nothing of it is left. Stopping the actor leaves nothing behind, unless it was told to let go.
 */
export function createChildProcess(dependencies: ChildDependencies): CallbackActorLogic<ChildCommand, ChildInput> {
  const { containers, stateId, spawnQueue, clock = monotonic, dice = Math.random, exitReported = removeExit } = dependencies
  const scanner = createScanner()
  const deaths = createDeathWatch()

  const run: CallbackLogicFunction<ChildCommand, ChildFact, ChildInput> = ({ input, sendBack, receive }) => {
    const { incarnation } = input
    const { name: service, containment: wanted, oneShot, successCodes, memoryLimit } = input.spec
    const overlaps = input.spec.restart.overlap === true
    const mark = markOf(stateId, service, incarnation)
    // Its recorder runs in another directory than we.
    const exitPath = oneShot ? resolve(dependencies.exitPath(service, incarnation)) : null
    let child: ChildProcess | null = null
    let group: ProcessGroup | null = null
    let dequeue: (() => void) | null = null
    let watched: Watched | null = null
    let deafen: (() => void) | null = null
    /** Signals for a program that its recorder has not announced yet; null once it has. */
    let held: SignalName[] | null = null
    let sweep: NodeJS.Timeout | undefined
    /** We are rid of it: it was let go, or nothing is left. */
    let over = false
    let signalled = false
    let purging = false
    let sweeping = false

    // Acquire
    const unspawnable = (because: string, passing: boolean): void => {
      if (over) return
      over = true
      sendBack({
        type: 'child.unspawnable',
        incarnation,
        because: because.slice(0, limits.quotedText),
        passing,
        at: clock(),
        dice: dice(),
      })
    }
    const spawn = (): void => {
      dequeue = null
      const container = wanted === 'mark' ? null : overlaps ? containers.vacant(service) : containers.open(service)
      const limited = container?.limitMemory(memoryLimit) === true && memoryLimit !== null
      if (container === null && wanted === 'cgroup') {
        unspawnable(`it wants a cgroup: ${containers.unavailable() ?? 'none could be made for it'}`, false)
        return
      }
      if (input.beside !== true) dependencies.renewLog?.(service)
      const logPath = dependencies.logPath(service)
      const { environment } = dependencies
      const spawned = spawnProgram({ spec: input.spec, environment, mark, logPath, container, limited, exitPath })
      if ('because' in spawned) {
        unspawnable(spawned.because, spawned.passing)
        return
      }
      child = spawned.child
      const { pid } = child
      child.on('error', (error) => {
        if (pid === undefined) unspawnable(messageOf(error), isPassing(error))
      })
      if (pid === undefined) return
      const leader = { pid, start: startOf(pid) }
      const containment = containmentOf(container)
      const memory = keeperOf(memoryLimit, limited)
      const { logOffset } = spawned
      const all = (group = new ProcessGroup(leader, container, mark, scanner))
      const began = (program: ProcessIdentity): void => {
        sendBack({ type: 'child.spawned', incarnation, ...program, leader, containment, memory, logOffset, at: clock() })
        const signals = held ?? []
        held = null
        for (const signal of signals) all.signal(signal)
      }
      if (exitPath !== null) {
        held = []
        deafen = listenTo(child, leader, successCodes, {
          began,
          ended(exit) {
            if (exit.kind === 'unspawnable') unspawnable(exit.because, exit.passing)
            else exited(exit)
          },
        })
        return
      }
      // Not `close`: that waits for whoever else holds a descriptor.
      child.once('exit', (code, signal) => {
        exited(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal })
      })
      began(leader)
    }
    const adopt = (leader: ProcessIdentity): void => {
      const alive = isAlive(leader)
      // Where another of the same service may be, a dead one can't tell which container was its own.
      const container = alive ? containers.holding(service, leader.pid) : overlaps ? null : containers.open(service)
      group = new ProcessGroup(leader, container, mark, scanner, !alive)
      if (!alive) {
        // What it left behind can only be told by its mark.
        signalled = true
        exited(recorded())
        return
      }
      watched = deaths.watch(leader, () => {
        exited(recorded())
      })
      const at = clock()
      const since = spawnedAt(leader.start, at)
      const program = (exitPath === null ? null : programOf(leader)) ?? leader
      const containment = containmentOf(container)
      const memory = keeperOf(memoryLimit, container !== null && isLimited(container, memoryLimit))
      // Where its output began only an earlier run can know; without it a probe reads all there is.
      sendBack({ type: 'child.alive', incarnation, ...program, leader, containment, memory, logOffset: 0, since, at })
    }
    const recorded = (): Exit => (exitPath === null ? null : readExit(exitPath, successCodes)) ?? { kind: 'unseen' }

    // Translate out
    const exited = (seen: Exit): void => {
      if (over || group === null) return
      const exit = withReason(seen, input.spec, group.container)
      child = null
      watched = null
      // Without a cgroup, what left the group shows only in a sweep: worth waiting for when it is to stop, too slow for a
      // restart after a crash, which therefore sweeps behind its back.
      const empty = group.isEmpty() && !(group.strayed && signalled)
      if (empty) {
        over = true
        if (group.strayed) purgeAside(group)
      }
      sendBack({ type: 'child.exited', incarnation, exit, empty, at: clock(), dice: dice() })
      if (exitPath !== null) exitReported(exitPath)
    }
    const look = async (rest: ProcessGroup, round: number): Promise<void> => {
      if (purging) rest.kill()
      const gone = await rest.isGone()
      if (over) return
      if (gone) {
        over = true
        sendBack({ type: 'child.swept', incarnation, at: clock() })
      } else {
        sweep = setTimeout(() => void look(rest, round + 1), pauseAfter(round))
      }
    }

    // Translate in
    receive((command) => {
      if (group === null) {
        if (command.type === 'child.detach') release()
        return
      }
      switch (command.type) {
        case 'child.signal':
        case 'child.kill':
          if (over) return
          signalled = true
          watched?.hurry()
          if (command.type === 'child.kill') group.kill()
          else if (held === null) group.signal(command.signal)
          else held.push(command.signal)
          return
        case 'child.drain':
        case 'child.purge':
          if (over) {
            sendBack({ type: 'child.swept', incarnation, at: clock() })
            return
          }
          purging ||= command.type === 'child.purge'
          // A purge does not wait for the next look of a drain.
          if (sweeping && purging) group.kill()
          if (!sweeping) {
            sweeping = true
            void look(group, 0)
          }
          return
        case 'child.detach':
          release()
          return
      }
    })

    // Release
    const release = (): void => {
      over = true
      dequeue?.()
      deafen?.()
      watched?.cancel()
      clearTimeout(sweep)
      child?.unref()
    }
    const stopped = (): void => {
      const rest = over ? null : group
      release()
      rest?.kill()
      if (rest?.strayed === true) purgeAside(rest)
    }

    if (input.adopt === null) dequeue = spawnQueue.run(spawn)
    else adopt(input.adopt)
    return stopped
  }

  return fromCallback(run)
}

const containmentOf = (container: Container | null): Containment => (container === null ? 'mark' : 'cgroup')

/** 0: it can't be known now. */
function startOf(pid: number): number {
  try {
    return readStat(pid)?.start ?? 0
  } catch {
    return 0
  }
}

/** What was killed is gone within a few ms; what is not then, may take long. */
const pauseAfter = (round: number): number => {
  if (round < 6) return Math.min(2 ** round, limits.sweepInterval)
  return round * limits.sweepInterval < limits.stuckAfter ? limits.sweepInterval : limits.killRepeat
}

/** Kills what carries the mark while nobody waits for it. Bounded: what can't be killed would keep us busy for ever. */
function purgeAside(group: ProcessGroup): void {
  const again = async (round: number): Promise<void> => {
    if ((await group.isGone()) || round > 20) return
    group.kill()
    setTimeout(() => void again(round + 1), limits.sweepInterval).unref()
  }
  void again(0)
}
