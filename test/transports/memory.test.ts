import { memory } from '../../src/transports/memory.ts'
import { complies } from './compliance.ts'

complies('memory', () => ({ transport: memory(), address: () => 'memory:', nowhere: 'memory:nowhere' }))
