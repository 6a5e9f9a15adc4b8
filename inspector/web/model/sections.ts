import type { ActorRow } from '../../../src/protocol/inspection.ts'
import { parseAddress } from '../../../src/protocol/ids.ts'

/** Under which heading of the tree an actor stands, by the kind in its address. */

export const sections = [
  { id: 'services', title: 'Services', kinds: ['service', 'process'] },
  { id: 'groups', title: 'Groups', kinds: ['group'] },
  {
    id: 'workflows',
    title: 'Workflows',
    kinds: ['restart', 'rolling', 'reload', 'switch', 'program', 'shutdown', 'rotation', 'lockdown'],
  },
  { id: 'schedules', title: 'Schedules', kinds: ['schedule'] },
  { id: 'hooks', title: 'Hooks', kinds: ['hook'] },
  { id: 'listeners', title: 'Listeners', kinds: ['listener'] },
  { id: 'connections', title: 'Connections', kinds: ['connection'] },
  { id: 'supervision', title: 'Supervision', kinds: ['supervisor'] },
  { id: 'others', title: 'Others', kinds: [] },
] as const satisfies ReadonlyArray<{ readonly id: string; readonly title: string; readonly kinds: readonly string[] }>

export type SectionId = (typeof sections)[number]['id']

const byKind = new Map<string, SectionId>(sections.flatMap(({ id, kinds }) => kinds.map((kind) => [kind, id] as const)))

export const kindOf = ({ address }: ActorRow): string | null => (address === undefined ? null : parseAddress(address).kind)

export const sectionOf = (row: ActorRow): SectionId => byKind.get(kindOf(row) ?? '') ?? 'others'

/** What it is called where its heading says the kind: the end of its address. */
export const shortName = (row: ActorRow): string =>
  row.address === undefined ? (row.name ?? row.id) : parseAddress(row.address).key || row.address
