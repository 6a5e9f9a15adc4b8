#!/usr/bin/env -S node --max-semi-space-size=1 --no-maglev --optimize-for-size
import { launch } from './launch.js'

await launch('hyphae', 'main.js')
