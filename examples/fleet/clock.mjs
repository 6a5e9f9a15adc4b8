// Writes a line each second.
setInterval(() => console.log(new Date().toISOString()), 1_000)
