import { type CallbackActorLogic, type CallbackLogicFunction, fromCallback } from 'xstate'
import { formatBytes } from '../protocol/bytes.ts'
import { limits } from '../protocol/limits.ts'
import type { Meter } from './metrics.ts'
import type { MemoryExceeded, MemoryWatchInput } from '../protocol/process.ts'

/** Looks at what a service uses where the kernel does not, and says once when that is too much for too long. */
export function createMemoryWatch(
  meter: Pick<Meter, 'measure' | 'read'>,
  interval: number = limits.memoryLook,
): CallbackActorLogic<{ type: 'memory.none' }, MemoryWatchInput> {
  const run: CallbackLogicFunction<{ type: 'memory.none' }, MemoryExceeded, MemoryWatchInput> = ({
    input: { service, limit },
    sendBack,
  }) => {
    let over = 0
    let stopped = false
    let timer = setTimeout(() => void look(), interval)
    const look = async (): Promise<void> => {
      await meter.measure([service])
      const bytes = meter.read(service).memoryMb * 2 ** 20
      if (stopped) return
      over = bytes > limit ? over + 1 : 0
      if (over >= limits.memoryLooks) {
        const because = `used ${formatBytes(bytes)}, more than its memory_limit of ${formatBytes(limit)}`
        sendBack({ type: 'memory.exceeded', because })
        return
      }
      timer = setTimeout(() => void look(), interval)
    }
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }
  return fromCallback(run)
}
