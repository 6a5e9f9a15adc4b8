import { formatBytes } from '../protocol/bytes.ts'
import { describeExit, isSuccess, type Exit } from '../protocol/exit.ts'
import type { MemoryKeeper } from '../protocol/process.ts'
import type { ServiceSpec } from '../protocol/service.ts'
import type { Container } from './containment.ts'

/** Who sees to the memory limit of a program, and what its end has to do with it. */

export const keeperOf = (limit: number | null, limited: boolean): MemoryKeeper | null =>
  limit === null ? null : limited ? 'kernel' : 'watch'

/** Does the kernel hold them to at most that much? It counts in whole pages. */
export function isLimited({ memory }: Container, limit: number | null): boolean {
  const limited = memory.limited()
  return limit !== null && limited !== null && limited <= limit
}

/** An exit with what the kernel's OOM killer had to do with it. */
export function withReason(exit: Exit, { memoryLimit, successCodes }: ServiceSpec, container: Container | null): Exit {
  if (memoryLimit === null || container === null || exit.kind === 'unspawnable' || exit.kind === 'left') return exit
  if (isSuccess(exit, successCodes) || container.memory.kills() <= 0) return exit
  const limit = `its memory limit (${formatBytes(memoryLimit)})`
  const ended = exit.kind === 'unseen' || (exit.kind === 'signalled' && exit.signal === 'SIGKILL')
  const because = ended
    ? `was ended by ${limit}: killed by the kernel's OOM killer`
    : `${describeExit(exit)}, after the kernel's OOM killer had struck in it for ${limit}`
  return { ...exit, because }
}
