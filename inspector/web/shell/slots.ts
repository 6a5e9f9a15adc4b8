import type { ComponentType } from 'preact'
import type { ActorRow } from '../../../src/protocol/inspection.ts'
import type { Inspector } from '../model/inspector.ts'
import { BannerBar } from '../views/banner/banner-bar.tsx'
import { ChartView } from '../views/chart/chart-view.tsx'
import { DriveBar } from '../views/drive/drive-bar.tsx'
import { FleetActions } from '../views/drive/fleet-actions.tsx'
import type { EventLogProps } from '../views/events/event-log.tsx'
import { lazily } from '../views/lazily.tsx'
import { UsageLine } from '../views/usage/usage-line.tsx'

/** Places of the page that views fill: one line each. */

export interface ActorProps {
  readonly inspector: Inspector
  readonly row: ActorRow
}

/** In the top bar, between what the page is connected to and who one is. */
export const topBarSlots: ReadonlyArray<ComponentType<{ readonly inspector: Inspector }>> = [BannerBar]

/** In the header of the selected actor: what may be done with it. */
export const actorHeaderSlots: ReadonlyArray<ComponentType<ActorProps>> = [DriveBar]

/** Beside what is known of the selected actor in a line. */
export const actorFactSlots: ReadonlyArray<ComponentType<ActorProps>> = [UsageLine]

/** The selected actor's chart. */
export const chartSlots: ReadonlyArray<ComponentType<ActorProps>> = [ChartView]

/** Beside the title of the overview: what may be done with the fleet. */
export const fleetSlots: ReadonlyArray<ComponentType<{ readonly inspector: Inspector }>> = [FleetActions]

/** Everything that happens. */
export const EveryEvent = lazily<EventLogProps>(async () => (await import('../views/events/event-log.tsx')).EventLog)
