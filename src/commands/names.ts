import * as z from 'zod'
import { HyphaeError } from '../protocol/errors.ts'
import { limits } from '../protocol/limits.ts'
import { nearest } from '../protocol/nearest.ts'
import type { FleetView } from '../protocol/view.ts'

/** Names of services; `all` is every one of them. */
export const someServices = z.array(z.string().min(1)).min(1).max(limits.services).describe('names of services')

/** The service must exist; otherwise the error names the nearest that does. */
export function knownService(view: FleetView, name: string): string {
  if (view.service(name) !== undefined) return name
  const near = nearest(name, view.serviceNames())
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  throw new HyphaeError('not_found', `there is no service "${name}"${hint}`, {
    field: 'service',
    got: name,
    nearest: near ?? null,
  })
}

export const knownServices = (view: FleetView, names: readonly string[]): readonly string[] => [
  ...new Set(names.map((name) => knownService(view, name))),
]
