import type { Checker } from './checker.ts'
import type { Families } from './families.ts'
import { modesInWords, type Modes } from './modes.ts'
import { nearest } from '../protocol/nearest.ts'
import { dependenciesOf, hasReadiness } from './resolve.ts'
import type { Path } from './report.ts'
import type { WrittenService } from './service-schema.ts'

/**
 * Checks what depends on what. `written` has every service of the file, `services` those that are sound:
 * to depend on one with errors of its own is no further error. What runs needs what runs too, in the mode in force.
 */
export function checkDependencies(
  written: ReadonlyMap<string, WrittenService['depends_on']>,
  services: ReadonlyMap<string, WrittenService>,
  { families, modes, checker }: { readonly families: Families; readonly modes: Modes; readonly checker: Checker },
): void {
  const edges = new Map<string, ReadonlyMap<string, Edge>>()
  for (const [name, dependsOn] of written) {
    const own = new Map<string, Edge>()
    for (const { service, name: said, condition, path: below, part } of dependenciesOf(dependsOn, families)) {
      const path: Path = ['supervisor', 'services', name, ...below]
      const target = services.get(service)
      if (service === name) {
        checker.error(path, { message: `"${name}" depends on itself` }, part)
      } else if (!written.has(service)) {
        checker.error(
          path,
          { message: `there is no service ${JSON.stringify(said)}`, suggestion: nearest(said, families.names()) },
          part,
        )
      } else if (modes.leftOut.has(service) && !modes.leftOut.has(name)) {
        checker.error(path, { message: `"${said}" is left out: ${modesInWords(service, modes)}` }, part)
      } else if (own.has(service)) {
        checker.error(path, { message: `"${service}" is named twice` }, part)
      } else {
        own.set(service, { path, part })
        if (condition === 'healthy' && target !== undefined && !hasReadiness(target)) {
          const message = `"${service}" has no readiness probe, so it can never be said to be healthy; use started`
          checker.error(conditionPath(path, checker), { message })
        } else if (condition === 'completed' && target !== undefined && target.one_shot !== true) {
          checker.error(conditionPath(path, checker), {
            message: `"${service}" is no one_shot, so it never completes; use started or healthy`,
          })
        }
      }
    }
    edges.set(name, own)
  }
  for (const cycle of cyclesOf(edges)) {
    const [first, second] = cycle
    const edge = edges.get(first ?? '')?.get(second ?? '')
    if (edge !== undefined) checker.error(edge.path, { message: `dependency cycle: ${cycle.join(' -> ')}` }, edge.part)
  }
}

interface Edge {
  readonly path: Path
  readonly part: 'key' | 'value'
}

const conditionPath = (path: Path, { tree }: Checker): Path => (tree.text(path) === undefined ? [...path, 'condition'] : path)

/** Cycles that share no service, each as `a, b, a`, beginning with the service that comes first in the file. */
function cyclesOf(edges: ReadonlyMap<string, ReadonlyMap<string, unknown>>): string[][] {
  const order = new Map(Array.from(edges.keys(), (name, index) => [name, index]))
  const left = new Map(Array.from(edges, ([name, own]) => [name, Array.from(own.keys()).filter((target) => edges.has(target))]))
  const dependants = new Map<string, string[]>()
  const open = new Map<string, number>()
  for (const [name, targets] of left) {
    open.set(name, targets.length)
    for (const target of targets) {
      const list = dependants.get(target)
      if (list === undefined) dependants.set(target, [name])
      else list.push(name)
    }
  }
  /** Takes these out, and then everything that no longer waits for anything. */
  const remove = (names: string[]): void => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      if (!left.delete(name)) continue
      for (const dependant of dependants.get(name) ?? []) {
        const count = (open.get(dependant) ?? 0) - 1
        open.set(dependant, count)
        if (count === 0) names.push(dependant)
      }
    }
  }
  remove(Array.from(open).flatMap(([name, count]) => (count === 0 ? [name] : [])))

  const cycles: string[][] = []
  // Whatever is left waits for something that is left, so that walking along must come back to where it was.
  for (let [at] = left.keys(); at !== undefined; [at] = left.keys()) {
    const walk = new Map<string, number>()
    for (; at !== undefined && !walk.has(at); at = left.get(at)?.find((target) => left.has(target))) walk.set(at, walk.size)
    const cycle = Array.from(walk.keys()).slice(walk.get(at ?? '') ?? 0)
    const first = cycle.reduce((a, b) => ((order.get(a) ?? 0) <= (order.get(b) ?? 0) ? a : b), cycle[0] ?? '')
    const turned = [...cycle.slice(cycle.indexOf(first)), ...cycle.slice(0, cycle.indexOf(first))]
    cycles.push([...turned, first])
    remove(cycle)
  }
  return cycles
}
