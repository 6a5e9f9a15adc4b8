import type { Sink } from './protocol/calls.ts'
import type { Banner } from './protocol/banner.ts'
import { limits } from './protocol/limits.ts'

/** Tells each banner that differs from the one before. Nothing ticks while nobody listens. */

export function createBannerStream(show: () => Banner) {
  const listeners = new Set<(look: () => Banner) => void>()
  let soon: NodeJS.Timeout | undefined
  let tick: NodeJS.Timeout | undefined

  const look = (): void => {
    soon = undefined
    let shown: Banner | undefined
    // All who listen share it: it reads every service.
    const once = (): Banner => (shown ??= show())
    for (const tell of listeners) tell(once)
  }
  /** Countdowns go on, and what has just ended is over after a while, without a fact that says so. */
  const pace = (): void => {
    if (listeners.size > 0) tick ??= setInterval(look, limits.bannerTick).unref()
    else {
      clearInterval(tick)
      clearTimeout(soon)
      tick = undefined
      soon = undefined
    }
  }
  return {
    /** Something happened. Many facts in a row are one look. */
    stir(): void {
      if (listeners.size > 0) soon ??= setTimeout(look, limits.bannerLook).unref()
    },
    follow(sink: Sink): () => void {
      let said = ''
      let waiting = false
      // The newest is what counts: those in between are left out.
      const free = (): void => {
        waiting = false
        if (listeners.has(tell)) tell(show)
      }
      const tell = (see: () => Banner): void => {
        if (waiting) return
        const room = sink.room()
        if (room !== undefined) {
          waiting = true
          void room.then(free)
          return
        }
        const banner = see()
        // That it went on since another fact is not news.
        const news = JSON.stringify({ ...banner, since: null })
        if (news === said) return
        said = news
        sink.item(banner)
      }
      listeners.add(tell)
      pace()
      tell(show)
      return () => {
        listeners.delete(tell)
        pace()
      }
    },
  }
}
