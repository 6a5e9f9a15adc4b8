import Elk from 'elkjs/lib/elk.bundled.js'
import type { ELK } from 'elkjs/lib/elk-api.js'

/** The layout engine, in this thread. */
export const createElk = (): ELK => new Elk()
