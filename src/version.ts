import { createRequire } from 'node:module'

/** Our version, as package.json has it; src/ and dist/ are equally deep below it. */
export const version = (createRequire(import.meta.url)('../package.json') as { version: string }).version
