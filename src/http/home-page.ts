import { homeScript } from './home-script.ts'
import { html, pageOf, type Page } from './html.ts'
import { style } from './page-style.ts'

/** What somebody sees who opens the port in a browser: what goes on, and where to go on. */
export const homePage = (version: string): Page =>
  pageOf({
    title: 'Hyphae',
    style,
    script: homeScript,
    body: html`<header>
        <h1>Hyphae ${version}</h1>
        <p>An actor-system orchestrator is running here.</p>
      </header>
      <main>
        <div id="banner" role="status" aria-live="polite">Looking …</div>
        <form id="token" hidden>
          <label>Token <input type="password" name="token" autocomplete="current-password" required /></label>
          <button>Show</button>
        </form>
        <noscript
          ><p>What is shown live here needs JavaScript; <a href="/api/v1/status">/api/v1/status</a> tells it once.</p></noscript
        >
        <h2 id="services">Services</h2>
        <div class="wide">
          <table class="live" aria-labelledby="services">
            <thead>
              <tr>
                <th scope="col">Service</th>
                <th scope="col">State</th>
                <th scope="col">Since</th>
                <th scope="col">Why</th>
              </tr>
            </thead>
            <tbody id="rows"></tbody>
          </table>
        </div>
        <p id="none" class="dim"></p>
        <h2 class="more">More</h2>
        <ul class="more">
          <li><a href="/api">/api</a>: every command over HTTP, with lines to copy</li>
          <li><a href="/openapi.json">/openapi.json</a>: the same for programs (OpenAPI 3.1)</li>
          <li><a href="/api/v1/status">/api/v1/status</a>: the fleet in figures</li>
          <li><a href="/dashboard/api/system/status">/dashboard/api/…</a>: MagicTunnel's dashboard API</li>
          <li><a href="/readyz?verbose">/readyz</a>, <a href="/healthz">/healthz</a>: is the fleet ready, does Hyphae live</li>
          <li><a href="/metrics">/metrics</a>: for Prometheus</li>
          <li><code>/rpc</code>: JSON-RPC 2.0, one request or batch per POST, or a WebSocket</li>
        </ul>
      </main>`,
  })
