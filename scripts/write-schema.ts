import { mkdirSync, writeFileSync } from 'node:fs'
import { configJsonSchemaText } from '../src/config/json-schema.ts'

const folder = new URL('../schema/', import.meta.url)
mkdirSync(folder, { recursive: true })
writeFileSync(new URL('hyphae.schema.json', folder), configJsonSchemaText())
