import type { ChartLayout } from '../../../inspector/layout/layout.ts'
import type { ActorRow, Chart, InspectionRecord } from '../../../src/protocol/inspection.ts'

/** What a test tells the page with the views, and how. */

export interface Said {
  readonly actors: readonly ActorRow[]
  readonly records: readonly InspectionRecord[]
  readonly selected: string
  readonly charts: readonly Chart[]
  /** Those that are not among them are made in the browser. */
  readonly layouts: readonly ChartLayout[]
}

export type Which = 'chart' | 'events' | 'all-events' | 'sequence'

/** In the page: `views`. */
export interface ViewsInPage {
  show(view: Which, said: Said): void
  more(said: Partial<Said>): void
  append(records: readonly InspectionRecord[]): void
  moment(): number | null
}
