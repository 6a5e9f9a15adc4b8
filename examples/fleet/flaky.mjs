// Crashes after two to six seconds: the delay before the next try grows each time.
const seconds = 2 + Math.round(Math.random() * 4)
console.log(`this will end badly in ${seconds} s`)
setTimeout(() => {
  throw new Error('as announced')
}, seconds * 1_000)
