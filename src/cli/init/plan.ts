import { isServiceName } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'

/** One service that `init` writes down. */
export interface ServicePlan {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly workingDir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly oneShot?: boolean
  /** Why it is not started with the fleet, where it is not. */
  readonly aside?: string
  /** For people, above it in the file. */
  readonly comment?: string
}

/** What `init` recognised in a folder. */
export interface Finding {
  /** Where it comes from: the name of a file, or of a layout. */
  readonly from: string
  readonly services: readonly ServicePlan[]
  /** What else is worth saying. */
  readonly notes: readonly string[]
}

/** Names that can be taken: each once, plain, and near to what was written. */
export function namer(): (written: string) => string {
  // `all` means every service where names are given.
  const taken = new Set(['all'])
  return (written) => {
    const plain = written
      .normalize('NFKD')
      .replaceAll(/[\u0300-\u036F]/g, '')
      .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
      .replaceAll(/\.{2,}/g, '.')
      .replaceAll(/^[-.]+|[-.]+$/g, '')
    for (let number = 1; ; number++) {
      const suffix = number === 1 ? '' : `-${number}`
      const name = `${(plain === '' ? 'service' : plain).slice(0, limits.nameLength - suffix.length)}${suffix}`
      if (taken.has(name) || !isServiceName(name)) continue
      taken.add(name)
      return name
    }
  }
}
