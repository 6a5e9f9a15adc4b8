// The receiver of @statelyai/inspect. `receiver.mjs <url>` prints one JSON text a line of what it receives.
import { createWebSocketReceiver } from '@statelyai/inspect'

createWebSocketReceiver({ server: process.argv[2] }).subscribe((event) => process.stdout.write(`${JSON.stringify(event)}\n`))
