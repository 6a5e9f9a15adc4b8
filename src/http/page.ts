/** What somebody sees who opens the port in a browser. */
export const page = (version: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hyphae</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em }</style>
<h1>Hyphae ${version}</h1>
<p>An actor-system orchestrator is running here.</p>
<p>It speaks JSON-RPC 2.0 at <code>/rpc</code>: one request or batch per POST, or a WebSocket, on which streams are possible too.</p>
<pre>POST /rpc
Content-Type: application/json

{"jsonrpc": "2.0", "id": 1, "method": "system.status"}</pre>
</html>
`
