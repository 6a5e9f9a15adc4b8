import type { HookSpec, HookTarget } from '../protocol/hook.ts'
import { nearest } from '../protocol/nearest.ts'
import type { Checker } from './checker.ts'
import type { Families } from './families.ts'
import { ownHeader, type WrittenHook } from './hook-schema.ts'
import { textList, texts } from './probes.ts'
import type { Path } from './report.ts'
import type { WrittenSupervisor } from './schema.ts'
import type { WrittenService } from './service-schema.ts'
import type { Tree } from './tree.ts'

/** Hooks: what is wrong with them beyond their fields, and what they are in full. */

const nameOf = ({ name }: WrittenHook, index: number): string => name ?? `hook-${index + 1}`

/** `families`: of every service of the file, also of those that a mode leaves out. */
export function checkHooks({ on_event: hooks, groups }: WrittenSupervisor, families: Families, checker: Checker): void {
  const taken = new Set<string>()
  for (const [index, hook] of hooks.entries()) {
    const path: Path = ['supervisor', 'on_event', index]
    const name = nameOf(hook, index)
    if (taken.has(name)) checker.error([...path, 'name'], { message: `another hook is called "${name}" already` })
    taken.add(name)
    checkTarget(hook, path, checker)
    for (const [place, said] of (hook.services ?? []).entries()) {
      if (families.membersOf(said) !== undefined || Object.hasOwn(groups, said)) continue
      const suggestion = nearest(said, [...families.names(), ...Object.keys(groups)])
      checker.error([...path, 'services', place], { message: `there is no service or group ${JSON.stringify(said)}`, suggestion })
    }
  }
}

function checkTarget({ exec, webhook, headers, secret }: WrittenHook, path: Path, checker: Checker): void {
  if ((exec === undefined) === (webhook === undefined)) {
    const message = exec === undefined ? 'expected exec or webhook' : 'expected exec or webhook, and has both'
    return checker.error(path, { message })
  }
  if (webhook === undefined) {
    if (headers !== undefined) checker.error([...path, 'headers'], { message: 'belongs to a webhook' }, 'key')
    if (secret !== undefined) checker.error([...path, 'secret'], { message: 'belongs to a webhook' }, 'key')
    return
  }
  if (checker.tree.text([...path, 'secret']) === '')
    checker.error([...path, 'secret'], { message: 'expected a text that is not empty' })
  for (const name of Object.keys(headers ?? {}))
    if (ownHeader.test(name)) checker.error([...path, 'headers', name], { message: 'is said by Hyphae itself' }, 'key')
}

/** `services`: those of the mode in force. */
export function resolveHooks(
  { on_event: hooks, groups }: WrittenSupervisor,
  families: Families,
  services: ReadonlyMap<string, WrittenService>,
  tree: Tree,
): HookSpec[] {
  const membersOf = (said: string): readonly string[] =>
    families.membersOf(said) ?? (groups[said]?.services ?? []).flatMap((member) => families.membersOf(member) ?? [])
  return hooks.map((hook, index) => {
    const { events, services: named, timeout, retries, delay } = hook
    const members = named?.flatMap(membersOf).filter((service) => services.has(service))
    return {
      name: nameOf(hook, index),
      events: [...new Set(events)],
      services: members === undefined ? null : [...new Set(members)],
      groups: named?.filter((said) => Object.hasOwn(groups, said)) ?? null,
      target: targetOf(hook, ['supervisor', 'on_event', index], tree),
      timeout,
      retries,
      delay,
    }
  })
}

function targetOf({ exec, webhook, headers }: WrittenHook, path: Path, tree: Tree): HookTarget {
  if (webhook === undefined) return { type: 'exec', argv: textList(exec ?? [], [...path, 'exec'], tree) }
  const secret = tree.text([...path, 'secret']) ?? null
  return { type: 'webhook', url: webhook, headers: texts(headers, [...path, 'headers'], tree), secret }
}
