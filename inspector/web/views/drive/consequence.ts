import type { Client, Output } from '../../../../src/client/browser.ts'
import { bounds } from '../bounds.ts'

/** What sending an event does to others, in words, and whether that is worth a question. */

export interface Consequence {
  readonly words: string
  readonly ask: boolean
}

export type Graph = Output<'service.graph'>

const list = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`

const does: Readonly<Record<string, readonly [one: string, many: string]>> = {
  STOP: ['stops', 'stop'],
  RESTART: ['stops and starts again', 'stop and start again'],
}

/** `graph`: null where it could not be had in time. */
export function consequenceOf(address: string, event: string, graph: Graph | null): Consequence {
  const dot = address.indexOf('.')
  const [kind, name] = [address.slice(0, dot), address.slice(dot + 1)]
  if (kind === 'process') return { words: `${name} is killed at once (SIGKILL). What it has not written yet is lost.`, ask: true }
  const [one, many] = does[event] ?? [`takes ${event}`, `take ${event}`]
  if (graph === null) return { words: `${name} ${one}. What depends on it could not be found out.`, ask: true }
  const members =
    kind === 'group' ? (graph.several.find((each) => each.of === 'group' && each.name === name)?.services ?? []) : [name]
  const among = new Set(members)
  const dependants = graph.services
    .filter(
      ({ name: other, phase, depends_on }) =>
        phase !== 'reaped' && !among.has(other) && depends_on.some(({ service }) => among.has(service)),
    )
    .map(({ name: other }) => other)
  const subject = kind === 'group' ? `${list(members)} ${members.length === 1 ? one : many}` : `${name} ${one}`
  const others =
    dependants.length === 0
      ? ''
      : `; ${list(dependants)} ${dependants.length === 1 ? 'depends' : 'depend'} on ${members.length === 1 ? 'it' : 'them'}, and ${
          dependants.length === 1 ? 'runs' : 'run'
        } on ${event === 'STOP' ? 'without' : 'meanwhile'}`
  return { words: `${subject}${others}.`, ask: dependants.length > 0 || members.length > 1 }
}

/** Soon, or not at all. */
export const graphOf = (client: Client): Promise<Graph | null> =>
  client.call('service.graph', {}, { timeout: bounds.graphTime }).catch(() => null)
