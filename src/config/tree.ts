import { isAlias, isMap, isScalar, isSeq, type Alias, type Node, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { limits } from '../protocol/limits.ts'
import type { ConfigDocument } from './document.ts'
import { countOf, wantsInstances, type Instance } from './instances.ts'
import type { Environment } from './interpolate.ts'
import type { Path } from './report.ts'
import { fillIn } from './scalar.ts'

/** Where an entry of a map or list stands in the file. */
interface Spot {
  /** Character of the key; of the value where there is none. */
  readonly key: number
  readonly value: number
  /** A scalar as it was written, filled in: `007` where the value is 7. */
  readonly text: string | null
  /** A variable is missing: what the value is says nothing. */
  readonly broken: boolean
  /** Of a service that stands there several times: which one it is. */
  readonly instance?: Instance
}

/** The file as plain values, which still knows where each one stands. Maps have no prototype. */
export interface Tree {
  readonly value: Readonly<Record<string, unknown>>
  /** The sections that were not wanted, in the order of the file. */
  readonly others: readonly string[]
  /** The character of a value, or of its key; for what is not there, of the nearest thing around it. */
  offset(path: Path, part?: 'key' | 'value'): number
  /** A scalar as it was written, with its variables filled in. */
  text(path: Path): string | undefined
  at(path: Path): unknown
  /** The keys of a map in the order of the file (an object puts numbers first). */
  keys(path: Path): readonly string[]
  /** Was something wrong with this value already? */
  broken(path: Path): boolean
  /** Of a service with `instances`: which one this is. */
  instance(service: string): Instance | undefined
}

interface Read {
  readonly value: unknown
  /** How many values it stands for, aliases counted as what they stand for. */
  readonly size: number
  readonly text: string | null
  readonly broken: boolean
}

const nothing: Read = { value: null, size: 1, text: null, broken: false }
const unusable: Read = { ...nothing, broken: true }

/** Maps whose keys are the user's own: there an entry without a value is not the same as none. */
const openMaps: ReadonlySet<unknown> = new Set(['services', 'env', 'headers', 'depends_on', 'modes'])

/** A service or a mode may be called like one of them, and is none. */
const isOpen = (path: Path): boolean => openMaps.has(path.at(-1)) && !namedByUsers.has(path.slice(0, -1).join('.'))
const namedByUsers: ReadonlySet<string> = new Set(['supervisor.services', 'supervisor.modes', 'modes'])

/**
 * Reads the sections that `wanted` admits; the others only lend their anchors. Variables are filled in, aliases and
 * `<<` followed. An entry without a value counts as not written.
 */
export function readTree(file: ConfigDocument, env: Environment, wanted: (section: string) => boolean): Tree {
  const { document, report, targets } = file
  const spots = new WeakMap<object, Map<string | number, Spot>>()
  const others: string[] = []
  /** What texts are filled in with, and what has been read so. */
  let scope = { env, anchored: new Map<Node, Read | 'open'>() }
  let size = 0

  const grow = (by: number, node: Node, path: Path): void => {
    size += by
    if (size > limits.configValues) {
      report.fatal(start(node), path, {
        message: `there are more than ${limits.configValues} values here, with aliases written out`,
      })
    }
  }

  const read = (node: Node | null, path: Path): Read => {
    if (node === null) return nothing
    if (isAlias(node)) return follow(node, path)
    grow(1, node, path)
    if (path.length > limits.jsonDepth) {
      report.error(start(node), path.slice(0, 8), { message: `nests more than ${limits.jsonDepth} levels deep` })
      return unusable
    }
    if (node.anchor === undefined) return readNode(node, path)
    const { anchored } = scope
    const known = anchored.get(node)
    if (known !== undefined && known !== 'open') return known
    anchored.set(node, 'open')
    const result = readNode(node, path)
    anchored.set(node, result)
    return result
  }

  const follow = (alias: Alias, path: Path): Read => {
    const target = targets.get(alias)
    const known = target === undefined ? undefined : scope.anchored.get(target)
    if (target === undefined || known === 'open') {
      const message =
        target === undefined ? `there is no anchor "&${alias.source}" above` : `"*${alias.source}" stands inside of what it names`
      report.error(start(alias), path, { message })
      return unusable
    }
    const result = known ?? read(target, path)
    if (known !== undefined) grow(known.size, alias, path)
    return result
  }

  const readNode = (node: Node, path: Path): Read => {
    if (isMap(node)) return readMap(node, path)
    if (isSeq(node)) return readList(node, path)
    return isScalar(node) ? readScalar(node, path) : unusable
  }

  const readMap = (map: YAMLMap, path: Path): Read => {
    const value = Object.create(null) as Record<string, unknown>
    const own = new Map<string, Spot>()
    const merged: Node[] = []
    const before = size
    for (const pair of map.items) {
      const keyNode = pair.key as Node
      const valueNode = pair.value as Node | null
      const named = isAlias(keyNode) ? targets.get(keyNode) : keyNode
      if (!isScalar(named)) {
        report.error(start(keyNode), path, { message: 'a key must be a plain word' })
        continue
      }
      const key = typeof named.value === 'string' ? named.value : (named.source ?? '')
      const here = [...path, key]
      const first = own.get(key)
      if (path.length === 0 && first === undefined && key !== '<<' && !wanted(key)) {
        others.push(key)
        own.set(key, { key: start(keyNode), value: start(keyNode), text: null, broken: false })
      } else if (key === '__proto__') {
        report.error(start(keyNode), here, { message: '"__proto__" can\'t be used as a name' })
      } else if (key === '<<' && named.type === 'PLAIN') {
        if (valueNode !== null) merged.push(valueNode)
      } else if (first !== undefined) {
        const what =
          first.instance === undefined ? 'is given twice, first' : `is the name of an instance of "${first.instance.family}",`
        report.error(start(keyNode), here, { message: `${what} on line ${report.lineOf(first.key)}` })
      } else if (isServices(path) && valueNode !== null && wantsInstances(valueNode, targets)) {
        readInstances(value, own, { key, keyNode, valueNode, path })
      } else {
        const result = read(valueNode, here)
        const place = result.value === null || valueNode === null ? start(keyNode) : start(valueNode)
        own.set(key, { key: start(keyNode), value: place, text: result.text, broken: result.broken })
        if (result.value !== null || key === 'window' || isOpen(path)) value[key] = result.value
      }
    }
    spots.set(value, own)
    for (const node of merged) merge(value, own, node, path)
    return { value, size: size - before + 1, text: null, broken: false }
  }

  /** A service that is there several times: each is read with its own number. */
  const readInstances = (value: Record<string, unknown>, own: Map<string | number, Spot>, of: Family): void => {
    const { key, keyNode, valueNode, path } = of
    const place = { key: start(keyNode), value: start(valueNode), text: null, broken: false }
    const count = countOf(valueNode, targets, (scalar, written) => fillIn(document, file.text, scalar, written, env).value)
    const outer = scope
    const open = [...outer.anchored].filter(([, known]) => known === 'open')
    // By itself it is nothing, but its name is taken.
    if (count !== undefined) own.set(key, place)
    for (let number = 1; number <= (count ?? 1); number++) {
      const name = count === undefined ? key : `${key}-${number}`
      const taken = own.get(name)
      if (taken !== undefined && count !== undefined) {
        const message = `its instance "${name}" has the name of the service on line ${report.lineOf(taken.key)}`
        report.error(start(keyNode), [...path, key], { message })
        continue
      }
      scope = { env: { ...env, INSTANCE: String(number) }, anchored: new Map(open) }
      value[name] = read(valueNode, [...path, key]).value
      own.set(name, count === undefined ? place : { ...place, instance: { family: key, number } })
    }
    scope = outer
  }

  /** Adds what `<<` names, where the map does not say otherwise. */
  const merge = (value: Record<string, unknown>, own: Map<string | number, Spot>, node: Node, path: Path): void => {
    const sources = isSeq(node) ? (node.items as Node[]) : [node]
    for (const source of sources) {
      const from = read(source, path).value
      if (typeof from !== 'object' || from === null || Array.isArray(from)) {
        report.error(start(source), [...path, '<<'], { expected: 'a map, or an alias of one' })
        continue
      }
      const all = spots.get(from) ?? new Map<string | number, Spot>()
      // A service of this name stands here already: then no instance of another one joins it.
      const foreign = new Set([...all.values()].map(({ instance }) => instance?.family).filter((family) => own.has(family ?? '')))
      for (const [key, spot] of all) {
        if (own.has(key) || foreign.has(spot.instance?.family)) continue
        own.set(key, spot)
        if (Object.hasOwn(from, key)) value[key] = (from as Record<string, unknown>)[key]
      }
    }
  }

  const readList = (list: YAMLSeq, path: Path): Read => {
    const own = new Map<number, Spot>()
    const before = size
    const value = list.items.map((item, index) => {
      const node = item as Node
      const result = read(node, [...path, index])
      own.set(index, { key: start(node), value: start(node), text: result.text, broken: result.broken })
      return result.value
    })
    spots.set(value, own)
    return { value, size: size - before + 1, text: null, broken: false }
  }

  const readScalar = (scalar: Scalar, path: Path): Read => {
    const { value } = scalar
    if (typeof value === 'string' && value.includes('${')) return fill(scalar, value, path)
    if (typeof value === 'string') return { value, size: 1, text: value, broken: false }
    if (value === null || typeof value === 'number' || typeof value === 'boolean') {
      return { value, size: 1, text: scalar.source ?? String(value), broken: false }
    }
    report.error(start(scalar), path, { message: 'this kind of value has no meaning in a config' })
    return unusable
  }

  const fill = (scalar: Scalar, written: string, path: Path): Read => {
    const { value, text, faults } = fillIn(document, file.text, scalar, written, scope.env)
    for (const { offset, message } of faults) report.error(offset, path, { message })
    return { value, size: 1, text, broken: faults.length > 0 }
  }

  const contents = document.contents as Node | null
  const root = read(contents, []).value
  if (root !== null && (typeof root !== 'object' || Array.isArray(root))) {
    report.fatal(contents === null ? 0 : start(contents), [], {
      expected: 'a map with a `supervisor:` section',
      got: Array.isArray(root) ? 'a list' : JSON.stringify(root),
    })
  }
  const value = (root ?? Object.create(null)) as Readonly<Record<string, unknown>>

  /** The spot of the path, or of the longest part of it that exists. */
  const find = (path: Path): { readonly spot: Spot | undefined; readonly whole: boolean } => {
    let container: unknown = value
    let spot: Spot | undefined
    for (const part of path) {
      const next = typeof container === 'object' && container !== null ? spots.get(container)?.get(part) : undefined
      if (next === undefined) return { spot, whole: false }
      spot = next
      container = member(container, part)
    }
    return { spot, whole: true }
  }

  return {
    value,
    others,
    offset: (path, part = 'value') => {
      const { spot, whole } = find(path)
      return (whole ? spot?.[part] : spot?.key) ?? 0
    },
    text: (path) => {
      const { spot, whole } = find(path)
      return (whole ? spot?.text : null) ?? undefined
    },
    at: (path) => path.reduce<unknown>(member, value),
    keys: (path) => {
      const map = path.reduce<unknown>(member, value)
      if (typeof map !== 'object' || map === null || Array.isArray(map)) return []
      return Array.from(spots.get(map)?.keys() ?? [], String).filter((key) => Object.hasOwn(map, key))
    },
    broken: (path) => find(path).spot?.broken ?? false,
    instance: (service) => find(['supervisor', 'services', service]).spot?.instance,
  }
}

/** What is known of a service that is to be there several times. */
interface Family {
  readonly key: string
  readonly keyNode: Node
  readonly valueNode: Node
  readonly path: Path
}

const isServices = (path: Path): boolean => path.length === 2 && path[0] === 'supervisor' && path[1] === 'services'

const start = (node: Node): number => node.range?.[0] ?? 0

const member = (container: unknown, part: string | number): unknown =>
  typeof container === 'object' && container !== null && Object.hasOwn(container, part)
    ? (container as Record<string | number, unknown>)[part]
    : undefined
