import { defineConfig } from 'vitest/config'

// Three kinds of test: pure ones (machines, protocol, dialects), ones with real processes and sockets, and whole systems.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/built-page.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/support/closing-line.ts'],
    pool: 'forks',
    // Most of them wait for processes most of the time: three keep two cores busy, and none of them late.
    maxWorkers: 3,
    // A test that an event to a finished actor changes nothing has to send one.
    onConsoleLog: (text) => !text.includes('was sent to stopped actor'),
  },
})
