import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page, as files that any server may give out: `npm run build` makes them, in dist/inspector. */
export default defineConfig({
  root: fileURLToPath(new URL('web', import.meta.url)),
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    emptyOutDir: true,
    target: 'es2023',
    // Nothing stands in the page itself: its policy lets nothing run that is not a file of ours.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
