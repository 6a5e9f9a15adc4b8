// Asks web for work every two seconds.
import { setTimeout as sleep } from 'node:timers/promises'

const url = process.env.WEB_URL
console.log(`working for ${url}`)
for (;;) {
  try {
    const response = await fetch(url)
    const { task } = await response.json()
    console.log(`did task ${task}`)
  } catch (error) {
    console.log(`no work: ${error.cause?.code ?? error.message}`)
  }
  await sleep(2_000)
}
