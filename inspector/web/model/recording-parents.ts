import type { ActorRow, InspectionRecord } from '../../../src/protocol/inspection.ts'
import { bounds } from './bounds.ts'
import { refuse, ShapeError } from './shape.ts'

/**
 * Throws a ShapeError where actors are not a tree at every moment of a recording: one parent for each, nobody above himself, and no
 * deeper than can be shown.
 */
export function checkParents(actors: readonly ActorRow[], records: readonly InspectionRecord[]): void {
  const parents = new Map<string, string>()
  const note = ({ id, parent }: ActorRow, field: string): void => {
    if (parent === undefined) return
    const known = parents.get(id)
    if (known !== undefined && known !== parent) refuse(`${field}.parent`, `${JSON.stringify(known)} as elsewhere`, parent)
    parents.set(id, parent)
  }
  actors.forEach((row, index) => note(row, `actors[${index}]`))
  records.forEach((record, index) => {
    if (record.type === 'actor' || record.type === 'ended') note(record.actor, `records[${index}].actor`)
  })

  const levels = new Map<string, number>()
  for (const id of parents.keys()) {
    const above: string[] = []
    let at: string | undefined = id
    for (; at !== undefined && !levels.has(at); at = parents.get(at)) {
      // Whoever is above himself is above everybody.
      if (above.length >= bounds.recordingDepth) throw new ShapeError(`actors: "${id.slice(0, 60)}" is below too many others`)
      above.push(at)
    }
    let level = at === undefined ? 0 : (levels.get(at) ?? 0)
    for (const one of above.toReversed()) levels.set(one, ++level)
    if (level > bounds.recordingDepth) throw new ShapeError(`actors: "${id.slice(0, 60)}" is below too many others`)
  }
}
