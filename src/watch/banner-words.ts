import type { Banner } from '../protocol/banner.ts'
import { limits } from '../protocol/limits.ts'

/** How a banner is worded. */

export const seconds = (ms: number): number => Math.ceil(ms / 1000)

/** `web`, `web and db`, `web and 2 others`. */
export function several(names: readonly string[]): string {
  const [first = '', second = ''] = names
  if (names.length < 2) return first
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`
}

/** `remaining`: ms; null: nobody knows. What takes longer than expected has no countdown any more. */
export function bannerOf(
  type: Banner['type'],
  title: string,
  message: string,
  since: number,
  { remaining = null, about = null }: { readonly remaining?: number | null; readonly about?: string | null } = {},
): Banner {
  const left = remaining === null || remaining <= 0 ? null : seconds(remaining)
  const whole = left === null ? title : `${title} (${left} s remaining)`
  const more = message.slice(0, limits.quotedText)
  const text = more === '' ? whole : `${whole} • ${more}`
  return { type, title: whole, message: more, text, countdown_seconds: left, since: new Date(since).toISOString(), about }
}

/** `The journal is at fault`. */
export const atFault = (what: string): string => `The ${what} ${what === 'logs' ? 'are' : 'is'} at fault`

/** As the guide of MagicTunnel words its two modes; others are called what they are called. */
export function idleIn(mode: string, running: string): { readonly title: string; readonly message: string } {
  if (mode === 'proxy') return { title: 'Running in Proxy Mode', message: 'Core features only' }
  return { title: `Running in ${mode} mode`, message: running }
}
