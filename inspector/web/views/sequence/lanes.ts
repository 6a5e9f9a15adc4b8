import { bounds } from '../bounds.ts'
import type { Entry } from '../events/journal.ts'

/** Whom a sequence is about: a lane for each. */

/** The world outside the system: what is sent by nobody of it. */
export const outside = 'outside'

export const senderOf = ({ from }: Entry): string => from ?? outside

/** The actor, and those that it talked to last; its parent before it, in the order in which they began. */
export function lanesOf(actor: string, entries: readonly Entry[], parent: string | undefined): string[] {
  const others = new Set<string>()
  for (
    let index = entries.length - 1;
    index >= Math.max(0, entries.length - bounds.laneEntries) && others.size < bounds.lanes - 1;
    index -= 1
  ) {
    const entry = entries[index]
    if (entry === undefined || entry.kind !== 'event') continue
    if (entry.actor === actor) others.add(senderOf(entry))
    else if (entry.from === actor) others.add(entry.actor)
  }
  others.delete(actor)
  const rest = [...others].filter((other) => other !== outside && other !== parent).sort()
  return [
    ...(others.has(outside) ? [outside] : []),
    ...(parent !== undefined && others.has(parent) ? [parent] : []),
    actor,
    ...rest,
  ]
}

/** Is it between two of these lanes, or a change in one? */
export const isBetween = (entry: Entry, lanes: ReadonlySet<string>): boolean =>
  entry.kind !== 'named' &&
  lanes.has(entry.actor) &&
  (entry.kind !== 'event' || entry.fate === 'moved' || lanes.has(senderOf(entry)))

/** What answers something, or tells of an end: drawn dashed. */
export const isReply = ({ event }: Entry): boolean => /^xstate\.(done|error|snapshot)\.|\.(done|failed|ended|reply)$/.test(event)
