import type { ProcessIdentity } from '../protocol/process.ts'
import type { SignalName } from '../protocol/service.ts'
import type { Container } from './containment.ts'
import { descendants, isAlive, isLiving, type ProcessStat, readStat, send } from './proc.ts'
import type { Scanner } from './scan.ts'

/**
 * Everything that one incarnation of a program started: its process group, its cgroup where it has one, and otherwise what
 * left the group but is known by its parent (seen before a signal) or by its environment mark (found by a sweep).
 * Nothing here ever signals a pid that may meanwhile be somebody else's.
 */
export class ProcessGroup {
  readonly leader: ProcessIdentity
  readonly container: Container | null
  readonly #mark: string
  readonly #scanner: Scanner
  /** Outside the group, each with its start time. */
  #escapees: ProcessIdentity[] = []
  /** Once empty it never fills again, but its number may be given to strangers. */
  #groupGone: boolean

  #strayed: boolean

  /** `groupGone`: the leader died unseen, long ago perhaps, so that nobody knows whose group its number names now. */
  constructor(leader: ProcessIdentity, container: Container | null, mark: string, scanner: Scanner, groupGone: boolean = false) {
    this.leader = leader
    this.container = container
    this.#mark = mark
    this.#scanner = scanner
    this.#groupGone = groupGone
    this.#strayed = container === null
  }

  /** It has no cgroup, or was seen outside of it: what left the group can only be found by its mark. */
  get strayed(): boolean {
    return this.#strayed
  }

  /** To all of it. Whoever stands outside the group is looked up first: once its parent is dead, nobody knows it. */
  signal(signal: SignalName): void {
    const outside = this.#outsiders()
    if (this.#groupExists()) send(-this.leader.pid, signal)
    for (const { pid } of outside) send(pid, signal)
  }

  kill(): void {
    this.signal('SIGKILL')
    try {
      this.container?.kill()
    } catch {
      // No descriptor left to read it with; whoever kills repeats it.
    }
  }

  /** Is nothing left, as far as can be told at once? */
  isEmpty(): boolean {
    try {
      return !this.#groupExists() && !this.#escapees.some(isAlive) && (this.container?.pids().length ?? 0) === 0
    } catch {
      return false
    }
  }

  /** Is nothing left? Looks as far as it takes, and remembers what it found. */
  async isGone(): Promise<boolean> {
    try {
      this.#escapees = this.#escapees.filter(isAlive)
      if (this.#escapees.length > 0 || (this.container?.pids().length ?? 0) > 0) return false
      // A group that still exists may be zombies alone, which only a look at each can tell.
      const group = this.#groupExists() ? this.leader.pid : null
      const mark = this.#strayed ? this.#mark : null
      if (group === null && mark === null) return true
      this.#escapees = await this.#scanner.find({ group, mark })
      return this.#escapees.length === 0
    } catch {
      return false
    }
  }

  #groupExists(): boolean {
    if (this.#groupGone) return false
    const { pid, start } = this.leader
    let stat: ProcessStat | null = null
    try {
      stat = readStat(pid)
    } catch {
      // Unknown; the signal will tell.
    }
    // start 0: it could not be read when we spawned it.
    this.#groupGone = (stat !== null && start > 0 && stat.start !== start) || !send(-pid, 0)
    return !this.#groupGone
  }

  /** The living that a signal to the group does not reach. */
  #outsiders(): readonly ProcessIdentity[] {
    const group = this.leader.pid
    try {
      const inside = this.container?.pids() ?? null
      const outside = (inside ?? [])
        .flatMap((pid) => readStat(pid) ?? [])
        .filter((stat) => stat.group !== group && isLiving(stat))
      // A leader that could not join its cgroup is treated as if there were none.
      if (inside?.includes(group) === true) return outside
      this.#strayed = true
      this.#escapees = this.#escapees.filter(isAlive)
      const roots = this.#escapees.map(({ pid }) => pid)
      if (!this.#groupGone && isAlive(this.leader)) roots.push(group)
      for (const { pid, start, group: its } of descendants(roots)) {
        if (its !== group) this.#escapees.push({ pid, start })
      }
      return [...outside, ...this.#escapees]
    } catch {
      return this.#escapees.filter(isAlive)
    }
  }
}
