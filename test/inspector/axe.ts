import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { faults } from './page.ts'

/** What axe finds wrong with a page, in words. */
export const violations = (page: Page): Promise<readonly string[]> => faults(page, axe.source)
