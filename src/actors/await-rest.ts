import { formatDuration } from '../protocol/duration.ts'
import { limits } from '../protocol/limits.ts'

/** Whoever has begun a message has to finish it in time: bytes that dribble in hold a connection and memory. */
export function awaitRest(late: (because: string) => void) {
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  return {
    stop,
    /** After each chunk. `partial`: a message is begun and not whole; `whole`: others became whole just now. */
    look(partial: boolean, whole: boolean): void {
      if (whole || !partial) stop()
      if (!partial || timer !== undefined) return
      const because = `a message was not finished within ${formatDuration(limits.messageTime)}`
      timer = setTimeout(() => late(because), limits.messageTime)
    },
  }
}
