import { bounds } from './bounds.ts'
import type { Timeline } from './timeline.ts'

/** Plays the past: goes on record by record, as fast as it was or faster. */
export function createPlayer({
  timeline,
  moment,
  ended,
}: {
  readonly timeline: Timeline
  moment: { value: number | null }
  /** It has come to the present. */
  ended(): void
}) {
  let frame: number | null = null
  const stop = (): void => {
    if (frame !== null) cancelAnimationFrame(frame)
    frame = null
  }
  return {
    stop,
    play(speed: number): void {
      stop()
      const { records } = timeline
      let clock = records[Math.max(0, timeline.upTo(moment.value ?? timeline.oldest) - 1)]?.at ?? 0
      let last = performance.now()
      const step = (now: number): void => {
        const from = moment.value
        if (from === null) return ended()
        clock += (now - last) * speed
        last = now
        let place = timeline.upTo(from)
        const next = records[place]
        if (next === undefined) return ended()
        // Where nothing happened for long nobody waits.
        if (next.at - clock > bounds.playedGap * speed) clock = next.at - bounds.playedGap * speed
        let to = from
        for (; (records[place]?.at ?? Number.POSITIVE_INFINITY) <= clock; place++) to = records[place]?.seq ?? to
        if (to !== from) moment.value = to
        frame = requestAnimationFrame(step)
      }
      frame = requestAnimationFrame(step)
    },
  }
}
