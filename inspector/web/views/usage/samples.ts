import type { Client } from '../../../../src/client/browser.ts'
import { bounds } from '../bounds.ts'

/** What services use, as it is looked at while they are selected. */

export interface Sample {
  /** Wall clock, ms. */
  readonly at: number
  /** % of one core. */
  readonly cpu: number
  readonly memory: number
}

export interface Usage {
  readonly samples: readonly Sample[]
  /** MB; null: none. */
  readonly limit: number | null
  /** Why there is no newer one; null: there is. */
  readonly why: string | null
}

export const noUsage: Usage = { samples: [], limit: null, why: null }

interface Looking {
  usage: Usage
  readonly listeners: Set<(usage: Usage) => void>
  timer: ReturnType<typeof setTimeout> | undefined
  /** Which of those who looked in turns is the present one. */
  turn: number
}

const byClient = new WeakMap<Client, Map<string, Looking>>()

function lookingAt(client: Client, service: string): Looking {
  const all = byClient.get(client) ?? new Map<string, Looking>()
  byClient.set(client, all)
  const known = all.get(service)
  if (known !== undefined) return known
  const made: Looking = { usage: noUsage, listeners: new Set(), timer: undefined, turn: 0 }
  all.set(service, made)
  for (const [name, { listeners }] of all) if (all.size > bounds.usageServices && listeners.size === 0) all.delete(name)
  return made
}

async function look(client: Client, service: string, looking: Looking): Promise<void> {
  const { usage } = looking
  try {
    const { services } = await client.call('system.status', { services: [service] })
    const status = services[service]
    if (status === undefined) throw new Error(`there is no service ${service} any more`)
    const now = Date.now()
    // Beyond five minutes it is left out, also where nobody looked in between.
    const since = now - bounds.usageInterval * bounds.usageSamples
    const sample = { at: now, cpu: status.cpu_percent, memory: status.memory_mb }
    const samples = [...usage.samples.filter(({ at }) => at >= since), sample].slice(-bounds.usageSamples)
    looking.usage = { samples, limit: status.memory_limit?.mb ?? null, why: null }
  } catch (error) {
    looking.usage = { ...usage, why: error instanceof Error ? error.message : String(error) }
  }
  for (const listener of looking.listeners) listener(looking.usage)
}

/** Looks again and again, unless nobody sees the page. Returns how to end it. */
export function followUsage(client: Client, service: string, listener: (usage: Usage) => void): () => void {
  const looking = lookingAt(client, service)
  const turn = async (mine: number): Promise<void> => {
    if (!document.hidden) await look(client, service, looking)
    if (looking.turn === mine) looking.timer = setTimeout(() => void turn(mine), bounds.usageInterval)
  }
  looking.listeners.add(listener)
  listener(looking.usage)
  if (looking.listeners.size === 1) void turn(++looking.turn)
  return () => {
    looking.listeners.delete(listener)
    if (looking.listeners.size > 0) return
    looking.turn++
    clearTimeout(looking.timer)
  }
}
