import type { Gateway, Sink, Subscription } from './protocol/calls.ts'
import { limits } from './protocol/limits.ts'
import type { Principal } from './protocol/principal.ts'
import type { ReplyError } from './protocol/reply.ts'

/**
 * How many streams each caller has open. What happens is written to each of them, so whoever could open thousands, also with
 * the least of the tokens, would keep all others waiting. The local user is not counted: he can do worse things.
 */
export function createStreamShare(most: number = limits.callerStreams) {
  const open = new Map<string, number>()

  const refusal = ({ name }: Principal): ReplyError => ({
    code: 'overloaded',
    message: `${name} has ${most} streams open, which is as many as there may be; end one of them first`,
    data: { limit: most },
  })
  return {
    /** Opens a stream, if he may have another one. It counts until it ends, or is ended. */
    subscribe(
      principal: Principal,
      sink: Sink,
      subscribe: (sink: Sink) => ReturnType<Gateway['subscribe']>,
    ): ReturnType<Gateway['subscribe']> {
      const { name, via } = principal
      if (via === 'unix') return subscribe(sink)
      const before = open.get(name) ?? 0
      if (before >= most) return { error: refusal(principal) }
      open.set(name, before + 1)
      let over = false
      const release = (): void => {
        if (over) return
        over = true
        const left = (open.get(name) ?? 1) - 1
        if (left === 0) open.delete(name)
        else open.set(name, left)
      }
      const counted: Sink = {
        room: () => sink.room(),
        item: (item) => sink.item(item),
        end(because) {
          release()
          sink.end(because)
        },
      }
      const opened = subscribe(counted)
      if ('error' in opened) {
        release()
        return opened
      }
      return {
        cancel() {
          release()
          opened.cancel()
        },
      } satisfies Subscription
    },
  }
}
