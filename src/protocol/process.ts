import type { Exit } from './exit.ts'
import type { ProbeSpec, ServiceSpec, SignalName } from './service.ts'

/** The vocabulary between PROCESS (the statechart) and the actors that touch the OS for it. */

export type Containment = 'cgroup' | 'mark'

/** Who sees to a memory limit: the kernel (a cgroup's controller), or we look at what it uses again and again. */
export type MemoryKeeper = 'kernel' | 'watch'

/** A living program as the OS names it: a bare pid can be reused, pid and start time together can't (within one boot). */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of /proc/<pid>/stat: clock ticks after boot. */
  readonly start: number
}

export interface ChildInput {
  readonly spec: ServiceSpec
  /** Names this incarnation within the state folder; goes into the child's HYPHAE_ID and back with each fact. */
  readonly incarnation: string
  /** Take over the group of this leader instead of spawning one. It may have died meanwhile. */
  readonly adopt: ProcessIdentity | null
  /** Another one of this service runs, and writes to the same log. */
  readonly beside?: boolean | undefined
}

export type ChildCommand =
  /** To everything that belongs to it: the group, and what left the group. */
  | { readonly type: 'child.signal'; readonly signal: SignalName }
  /** SIGKILL to everything that belongs to it. */
  | { readonly type: 'child.kill' }
  /** The leader has gone: say `child.swept` once nothing is left, without a signal. */
  | { readonly type: 'child.drain' }
  /** The leader has gone: SIGKILL what is left, again and again, then say `child.swept`. */
  | { readonly type: 'child.purge' }
  /** Let go of it alive; the actor's end will not touch it. */
  | { readonly type: 'child.detach' }

/** Past tense; `at` is monotonic ms. Each carries its incarnation, so that a late one is recognised. */
export type ChildFact =
  | {
      readonly type: 'child.spawned'
      readonly incarnation: string
      readonly pid: number
      readonly start: number
      /** Whom its group is named after: the program itself, or the recorder that waits for its exit code. */
      readonly leader: ProcessIdentity
      readonly containment: Containment
      /** null: it has no memory limit. */
      readonly memory?: MemoryKeeper | null
      /** Size of its log file before its first byte. */
      readonly logOffset: number
      readonly at: number
    }
  | {
      readonly type: 'child.unspawnable'
      readonly incarnation: string
      readonly because: string
      /** For want of a resource that may come back (EAGAIN, EMFILE, ENOSPC and the like). */
      readonly passing: boolean
      readonly at: number
      /** Chance for the restart policy, in [0, 1). */
      readonly dice: number
    }
  /** The adopted program is alive (and is what it was). `since` = when it was spawned, monotonic ms. */
  | {
      readonly type: 'child.alive'
      readonly incarnation: string
      readonly pid: number
      readonly start: number
      readonly leader: ProcessIdentity
      readonly containment: Containment
      readonly memory?: MemoryKeeper | null
      readonly logOffset: number
      readonly since: number
      readonly at: number
    }
  | {
      readonly type: 'child.exited'
      readonly incarnation: string
      readonly exit: Exit
      /** Nothing else of its group was left in that same moment. */
      readonly empty: boolean
      readonly at: number
      /** Chance for the restart policy, in [0, 1). */
      readonly dice: number
    }
  /** Nothing that belonged to it is left. */
  | { readonly type: 'child.swept'; readonly incarnation: string; readonly at: number }

export interface MemoryWatchInput {
  readonly service: string
  /** Bytes. */
  readonly limit: number
}
/** It used more than its limit, several looks in a row. */
export interface MemoryExceeded {
  readonly type: 'memory.exceeded'
  readonly because: string
}

export interface ProbeInput {
  readonly service: string
  readonly purpose: 'readiness' | 'liveness'
  /** null: nothing to look at; the actor stays silent. */
  readonly probe: ProbeSpec | null
  readonly spec: ServiceSpec
  readonly pid: number
  /** Where a log probe begins to read. */
  readonly logOffset: number
  /** Monotonic ms, for the uptime in the log line. */
  readonly spawnedAt: number
}

/** One look of a probe. The statechart counts. */
export type ProbeFact =
  | { readonly type: 'probe.passed'; readonly at: number }
  | { readonly type: 'probe.failed'; readonly because: string; readonly at: number }

/** Look now, whatever the interval says. */
export interface ProbeCommand {
  readonly type: 'probe.look'
}
